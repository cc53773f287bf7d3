import ipaddr from 'ipaddr.js';
import type { AllowedPlace } from '../../../lib/allowed-place.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A server as a URL names it, with an address that the name has. */
export interface Place {
  /** As `URL.hostname` gives it, without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
}

const USUAL_PORTS = new Set([80, 443]);

/**
 * Where clouds tell a machine its own secrets. One is in a public network, others in networks that an allow-list may
 * hold as a whole, so only an entry for exactly this address opens it.
 */
const METADATA_ADDRESSES = new Set([
  '169.254.169.254',
  '169.254.170.2',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd20:ce::254',
]);

/** What IANA has given out for the public IPv6 internet; everything else is special. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
const SPECIAL_IPV6 = [
  ipaddr.IPv6.parseCIDR('3fff::/20'),
  ipaddr.IPv6.parseCIDR('2001::/23'),
  ipaddr.IPv6.parseCIDR('2001:db8::/32'),
] as const;

const RANGE_NAMES: Readonly<Record<string, string>> = {
  unspecified: 'unspecified',
  broadcast: 'broadcast',
  multicast: 'multicast',
  linkLocal: 'link-local',
  loopback: 'loopback',
  carrierGradeNat: 'shared (carrier-grade NAT)',
  private: 'private',
  uniqueLocal: 'private',
  deprecatedSiteLocal: 'private',
  ipv4Mapped: 'IPv4-mapped',
  rfc6145: 'IPv4-translated',
  rfc6052: 'NAT64',
  '6to4': '6to4',
  teredo: 'Teredo',
};

/**
 * Why nothing is fetched from this address, or null when it is allowed. `address` is what the host resolves to.
 * Ranges are those of the IANA special-purpose registries (RFC 6890).
 */
export function addressProblem(
  place: Place,
  address: string,
  allowed: readonly AllowedPlace[],
): string | null {
  if (!ipaddr.isValid(address)) return `${address} is not an address`;
  const parsed = ipaddr.parse(address);
  const kind = rangeOf(parsed);
  if (kind === 'metadata' && !allowed.some((entry) => isExactly(entry, parsed, place.port)))
    return `${address} is the address of a metadata service`;
  if (allowed.some((entry) => covers(entry, place, parsed))) return null;
  if (kind !== 'public') return `${address} is ${article(kind)} ${kind} address`;
  return USUAL_PORTS.has(place.port) ? null : `the port ${place.port} is neither 80 nor 443`;
}

function article(kind: string): string {
  return /^[aeiouI]/.test(kind) ? 'an' : 'a';
}

function rangeOf(address: Address): string {
  if (METADATA_ADDRESSES.has(address.toString())) return 'metadata';
  const range = address.range();
  if (range !== 'unicast') return RANGE_NAMES[range] ?? 'reserved';
  if (address instanceof ipaddr.IPv4) return 'public';
  const isPublic = address.match(PUBLIC_IPV6) && !SPECIAL_IPV6.some((network) => address.match(network));
  return isPublic ? 'public' : 'reserved';
}

function isExactly(entry: AllowedPlace, address: Address, port: number): boolean {
  if (entry.kind !== 'network' || !portMatches(entry, port)) return false;
  const base = ipaddr.parse(entry.base);
  return entry.prefix === (base.kind() === 'ipv4' ? 32 : 128) && base.toString() === address.toString();
}

function covers(entry: AllowedPlace, { host, port }: Place, address: Address): boolean {
  if (!portMatches(entry, port)) return false;
  if (entry.kind === 'host') return entry.host === host;
  if (entry.kind === 'hosts-below') return host.endsWith(entry.suffix);
  const base = ipaddr.parse(entry.base);
  return base.kind() === address.kind() && address.match(base, entry.prefix);
}

function portMatches(entry: AllowedPlace, port: number): boolean {
  return entry.port === null || entry.port === port;
}
