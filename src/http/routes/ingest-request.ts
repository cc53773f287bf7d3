import { createHash, timingSafeEqual } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyRequest } from 'fastify';
import type { IngestRequest, WebRequest } from '../../core/documents/library.ts';
import { HoldfastError } from '../../core/errors.ts';
import type { WireIngestRequest } from '../contract/ingest.ts';
import { invalid, shown } from '../contract/parse.ts';

export const LOCAL_TOKEN_HEADER = 'x-holdfast-local-token';

/** Which paths may be ingested. */
export interface PathPermission {
  /** Whoever knows it may ingest any path. */
  readonly localToken: string | null;
  readonly ingestRoots: readonly string[];
}

const SOURCES = ['paths', 'git', 'urls', 'sitemap', 'crawl'] as const;

/** What is to be taken in. @throws HoldfastError `invalid_request`, `forbidden`, `path_not_found`. */
export async function toIngestRequest(
  request: FastifyRequest,
  sent: WireIngestRequest,
  permission: PathPermission,
): Promise<Omit<IngestRequest, 'scope'>> {
  requireOneSource(sent);
  const { force = false, git, within, paths = [], language } = sent;
  const how = { force, ...(language === undefined ? {} : { language }) };
  const web = webOf(sent);
  if (web !== null) return { paths: [], web, ...how };
  const chosen = { ...how, ...patternsOf(sent) };
  if (git !== undefined) {
    const allowed = await allowedPaths(request, { field: 'git', paths: git }, permission);
    return { paths: allowed, origin: 'git', ...chosen };
  }
  if (within === undefined)
    return { paths: await allowedPaths(request, { field: 'paths', paths }, permission), ...chosen };
  // The parts need not be there any more; the source looks at them below the real path of the whole.
  const [folder = ''] = await allowedPaths(request, { field: 'within', paths: [within] }, permission);
  return { paths: partsOf(folder, within, paths), within: folder, ...chosen };
}

function patternsOf({ include = [], exclude = [] }: WireIngestRequest): Pick<IngestRequest, 'patterns'> {
  return include.length + exclude.length === 0 ? {} : { patterns: { include, exclude } };
}

/** @throws HoldfastError `invalid_request` unless there is just one source, with the fields that belong to it. */
function requireOneSource(sent: WireIngestRequest): void {
  const given = SOURCES.filter((name) => sent[name] !== undefined);
  if (given.length !== 1)
    throw invalid([
      { name: 'body', detail: `Expected one of ${SOURCES.join(', ')}, got ${given.join(', ') || 'none'}` },
    ]);
  const belongs = {
    within: ['paths'],
    include: ['paths', 'git'],
    exclude: ['paths', 'git'],
    max_pages: ['sitemap', 'crawl'],
    max_depth: ['crawl'],
  } as const;
  const problems = Object.entries(belongs)
    .filter(([name, sources]) => name in sent && !sources.some((source) => source === given[0]))
    .map(([name, sources]) => ({ name, detail: `Belongs to ${sources.join(' or ')}, not to ${given[0]}` }));
  if (problems.length > 0) throw invalid(problems);
}

function webOf({ urls, sitemap, crawl, ...limits }: WireIngestRequest): WebRequest | null {
  const { max_pages: maxPages = null, max_depth: maxDepth = null } = limits;
  if (urls !== undefined) return { kind: 'urls', urls };
  if (sitemap !== undefined) return { kind: 'sitemap', url: sitemap, maxPages };
  return crawl === undefined ? null : { kind: 'crawl', url: crawl, maxPages, maxDepth };
}

function partsOf(folder: string, within: string, paths: readonly string[]): readonly string[] {
  const outside = paths.flatMap((entry, index) =>
    isBelow(within, entry)
      ? []
      : [{ name: `paths[${index}]`, detail: `Expected a path below ${shown(within)}, got ${shown(entry)}` }],
  );
  if (outside.length > 0) throw invalid(outside);
  return paths.map((entry) => path.join(folder, path.relative(within, entry)));
}

interface SentPaths {
  /** The field they came in. */
  readonly field: string;
  readonly paths: readonly string[];
}

/** The paths as they may be read: any with the local token, else real paths below an ingest root. */
async function allowedPaths(
  request: FastifyRequest,
  { field, paths }: SentPaths,
  { localToken, ingestRoots }: PathPermission,
): Promise<readonly string[]> {
  const relative = paths.flatMap((entry, index) =>
    path.isAbsolute(entry)
      ? []
      : [{ name: `${field}[${index}]`, detail: `Expected an absolute path, got ${shown(entry)}` }],
  );
  if (relative.length > 0) throw invalid(relative);
  if (localToken !== null && isSameSecret(request.headers[LOCAL_TOKEN_HEADER], localToken)) return paths;
  const roots = await Promise.all(ingestRoots.map(resolvedOrSame));
  return Promise.all(paths.map((entry) => pathBelow(roots, entry)));
}

/** What is checked is what is read: the real path, so that a link cannot lead out of a root. */
async function pathBelow(roots: readonly string[], entry: string): Promise<string> {
  const real = await realpath(entry).catch(() => null);
  if (roots.some((root) => isBelow(root, real ?? path.normalize(entry)))) {
    if (real !== null) return real;
    throw new HoldfastError('path_not_found', `${shown(entry)} does not exist on the server`);
  }
  throw new HoldfastError(
    'forbidden',
    `paths: ${shown(entry)} is not below a folder that this server ingests from`,
  );
}

function resolvedOrSame(root: string): Promise<string> {
  return realpath(root).catch(() => path.normalize(root));
}

function isBelow(root: string, entry: string): boolean {
  const relative = path.relative(root, entry);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** Compares in constant time: hashes have one length. */
function isSameSecret(sent: string | string[] | undefined, secret: string): boolean {
  if (typeof sent !== 'string') return false;
  return timingSafeEqual(
    createHash('sha256').update(sent).digest(),
    createHash('sha256').update(secret).digest(),
  );
}
