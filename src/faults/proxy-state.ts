import type { OpenConnection } from './connection.ts';
import type { ActiveToxic, Direction, ToxicType } from './toxics.ts';

/** What went through a proxy so far. */
export interface ProxyCounts {
  readonly connections: number;
  /** Bytes received, by direction. */
  readonly bytes: Readonly<Record<Direction, number>>;
  /** Connections, or requests for HTTP toxics, that a toxic worked on. */
  readonly injected: Readonly<Partial<Record<ToxicType, number>>>;
}

/** A running proxy. */
export interface ProxyState {
  readonly random: () => number;
  readonly toxics: Map<string, ActiveToxic>;
  readonly open: Set<OpenConnection>;
  accepted: number;
  readonly bytes: Record<Direction, number>;
  readonly injected: Partial<Record<ToxicType, number>>;
}

export function createProxyState(random: () => number, toxics: readonly ActiveToxic[]): ProxyState {
  return {
    random,
    toxics: new Map(toxics.map((toxic) => [toxic.id, toxic])),
    open: new Set(),
    accepted: 0,
    bytes: { downstream: 0, upstream: 0 },
    injected: {},
  };
}

/** A copy that does not change any more. */
export function countsOf({ accepted, bytes, injected }: ProxyState): ProxyCounts {
  return { connections: accepted, bytes: { ...bytes }, injected: { ...injected } };
}

export function countInjected({ injected }: ProxyState, { type }: ActiveToxic): void {
  injected[type] = (injected[type] ?? 0) + 1;
}

/** Whether a toxic works on one connection: decided by chance, once. */
export function createChoice(state: ProxyState): (toxic: ActiveToxic) => boolean {
  const chosen = new Map<ActiveToxic, boolean>();
  return (toxic) => {
    const known = chosen.get(toxic);
    if (known !== undefined) return known;
    const isChosen = state.random() < toxic.toxicity;
    chosen.set(toxic, isChosen);
    if (isChosen) countInjected(state, toxic);
    return isChosen;
  };
}
