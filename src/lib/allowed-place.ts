import { isIP } from 'node:net';

/** What this server may fetch beyond public addresses on the usual ports: an entry of `HOLDFAST_URL_ALLOW`. */
export type AllowedPlace =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | null }
  | { readonly kind: 'hosts-below'; readonly suffix: string; readonly port: number | null }
  | {
      readonly kind: 'network';
      readonly base: string;
      readonly prefix: number;
      readonly port: number | null;
    };

/**
 * Reads one entry: `wiki.example`, `*.example`, `10.0.0.0/8`, `fd00::/8`, `192.168.1.7`, `[fd00::7]`, each with a
 * `:port` behind it or without. Null when it is none of these.
 */
export function readAllowedPlace(entry: string): AllowedPlace | null {
  const { place, port } = splitPort(entry.toLowerCase());
  if (port !== null && !(port >= 1 && port <= 65_535)) return null;
  const network = readNetwork(place);
  if (network !== null) return { kind: 'network', ...network, port };
  const name = place.startsWith('*.') ? place.slice(2) : place;
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name)) return null;
  // A name of numbers alone would be a mistyped address, and no URL has it as its host.
  if (/^[0-9.]+$/.test(name)) return null;
  return place.startsWith('*.')
    ? { kind: 'hosts-below', suffix: `.${name}`, port }
    : { kind: 'host', host: name, port };
}

function splitPort(entry: string): { readonly place: string; readonly port: number | null } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { place: bracketed[1] ?? '', port: portOf(bracketed[2]) };
  const plain = /^([^:]*):(\d+)$/.exec(entry);
  return plain === null ? { place: entry, port: null } : { place: plain[1] ?? '', port: portOf(plain[2]) };
}

function portOf(digits: string | undefined): number | null {
  return digits === undefined ? null : Number(digits);
}

function readNetwork(place: string): { readonly base: string; readonly prefix: number } | null {
  const [base = '', digits] = place.split('/');
  const family = isIP(base);
  if (family === 0) return null;
  const bits = family === 4 ? 32 : 128;
  if (digits === undefined) return { base, prefix: bits };
  return /^\d{1,3}$/.test(digits) && Number(digits) <= bits ? { base, prefix: Number(digits) } : null;
}
