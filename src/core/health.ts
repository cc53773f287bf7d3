/** One dependency, as `/health` and `/api/v1/rag/status` show it. */
export interface DependencyHealth {
  readonly name: string;
  readonly state: 'up' | 'degraded' | 'down' | 'disabled';
  readonly detail: string | null;
}

export interface Health {
  /** `ok`: everything works; `degraded`: answers go on without some part; `down`: no answers. */
  readonly state: 'ok' | 'degraded' | 'down';
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly dependencies: readonly DependencyHealth[];
  readonly collections: number;
  readonly documents: number;
  readonly chunks: number;
}

export type CheckHealth = () => Promise<Health>;
