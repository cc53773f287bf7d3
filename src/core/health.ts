/** One dependency, as `/health` and `/api/v1/rag/status` show it. */
export interface DependencyHealth {
  readonly name: string;
  /** `warming`: it is being loaded; `misconfigured`: it works once its settings are right, not before. */
  readonly state: 'up' | 'degraded' | 'warming' | 'misconfigured' | 'down' | 'disabled';
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

/** Whether requests should be sent here. `warming`: they are answered without a model that is being loaded. */
export interface Readiness {
  readonly state: 'ready' | 'warming' | 'stopping';
  readonly reason: string | null;
}

/** Never throws. */
export type CheckReadiness = () => Readiness;
