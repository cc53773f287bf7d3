import type { Health } from '../../core/health.ts';
import type { WireHealth } from '../contract/health.ts';

export function toWireHealth(health: Health): WireHealth {
  return {
    state: health.state,
    version: health.version,
    uptime_seconds: health.uptimeSeconds,
    dependencies: health.dependencies.map(({ name, state, detail }) => ({ name, state, detail })),
    collections: health.collections,
    documents: health.documents,
    chunks: health.chunks,
  };
}
