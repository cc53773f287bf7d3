import type { FastifyInstance } from 'fastify';
import { HoldfastError } from '../../core/errors.ts';
import { shown } from '../contract/parse.ts';

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'] as const;
const READING_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export interface HostCheck {
  /** True while the server listens on a loopback address. */
  readonly isLoopback: () => boolean;
  /** Further names that clients may use, without port. */
  readonly allowedHosts: readonly string[];
}

/**
 * On a loopback address a browser is the way in for an attacker: a foreign name that resolves to 127.0.0.1 (DNS
 * rebinding) shows in `Host`, and a form of a foreign page (cross-site request forgery) shows in `Origin`.
 */
export function registerHostCheck(app: FastifyInstance, check: HostCheck): void {
  const allowed = new Set([...LOOPBACK_HOSTS, ...check.allowedHosts.map((host) => host.toLowerCase())]);
  app.addHook('onRequest', async (request) => {
    if (!check.isLoopback()) return;
    const { host, origin } = request.headers;
    if (!allowed.has(hostName(host ?? ''))) {
      throw new HoldfastError('host_not_allowed', `Host: ${shown(host)} is not a name of this machine`);
    }
    if (origin === undefined || READING_METHODS.has(request.method)) return;
    if (origin.toLowerCase().replace(/^https?:\/\//, '') !== host?.toLowerCase()) {
      throw new HoldfastError('forbidden', `Origin: requests from pages of ${shown(origin)} are not allowed`);
    }
  });
}

/** Whether an address that a server binds can be reached from this machine only. */
export function isLoopbackAddress(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function hostName(header: string): string {
  return header.toLowerCase().replace(/:\d{1,5}$/, '');
}
