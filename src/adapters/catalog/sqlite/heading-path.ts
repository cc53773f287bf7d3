/** Reads stored heading paths; neighbours mostly share one, so the last one is kept. */
export function headingPathReading(): (stored: string | null) => readonly string[] {
  let last: { readonly stored: string; readonly path: readonly string[] } = { stored: '[]', path: [] };
  return (stored) => {
    if (stored === null) return [];
    if (stored !== last.stored) last = { stored, path: JSON.parse(stored) as readonly string[] };
    return last.path;
  };
}
