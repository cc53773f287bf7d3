/** A value that documents can be filtered by. */
export type FieldValue = string | number | boolean;

export interface StoredColumn {
  readonly field: string;
  readonly values: readonly FieldValue[];
  /** Pairs of (document number, index into values), in document order. */
  readonly cells: Uint32Array;
}

class Column {
  readonly values: FieldValue[] = [];
  readonly ids = new Map<FieldValue, number>();
  readonly cells: number[] = [];

  add(document: number, value: FieldValue): void {
    let id = this.ids.get(value);
    if (id === undefined) {
      id = this.values.length;
      this.values.push(value);
      this.ids.set(value, id);
    }
    this.cells.push(document, id);
  }
}

/**
 * Field values of documents by column with a dictionary, so that a condition is decided once per distinct value
 * and then marked per document.
 */
export class Columns {
  readonly #columns = new Map<string, Column>();

  constructor(stored: readonly StoredColumn[] = []) {
    for (const { field, values, cells } of stored) {
      const column = new Column();
      for (const value of values) {
        column.ids.set(value, column.values.length);
        column.values.push(value);
      }
      for (const cell of cells) column.cells.push(cell);
      this.#columns.set(field, column);
    }
  }

  add(document: number, field: string, value: FieldValue): void {
    let column = this.#columns.get(field);
    if (column === undefined) {
      column = new Column();
      this.#columns.set(field, column);
    }
    column.add(document, value);
  }

  /** Sets `mask[document]` to 1 for each document with a value of the field that fulfils the condition. */
  mark(field: string, condition: (value: FieldValue) => boolean, mask: Uint8Array): void {
    const column = this.#columns.get(field);
    if (column === undefined) return;
    const holds = Uint8Array.from(column.values, (value) => (condition(value) ? 1 : 0));
    const { cells } = column;
    for (let i = 0; i < cells.length; i += 2) if (holds[cells[i + 1] ?? 0] === 1) mask[cells[i] ?? 0] = 1;
  }

  store(): StoredColumn[] {
    return [...this.#columns].map(([field, { values, cells }]) => ({
      field,
      values,
      cells: Uint32Array.from(cells),
    }));
  }
}
