import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { folderSource } from '../adapters/source/folder.ts';
import { gitSource } from '../adapters/source/git/git.ts';
import { guardedFetch } from '../adapters/source/web/guarded-fetch.ts';
import { openPageMemory } from '../adapters/source/web/page-memory.ts';
import { siteSource } from '../adapters/source/web/site.ts';
import { urlSource } from '../adapters/source/web/url.ts';
import type { Config } from '../config/config.ts';
import type { DocumentOrigin } from '../core/documents/document.ts';
import type { Source } from '../core/ingest/source.ts';
import { systemClock } from '../lib/clock.ts';
import type { LibraryTools } from './library-tools.ts';
import { VERSION } from './version.ts';

/** The most that is taken of one URL, whatever documents may have. */
const MAX_URL_BYTES = 20 * 2 ** 20;
const ROBOT_NAME = 'Holdfast';

interface SourceParts extends Pick<LibraryTools, 'stack' | 'wait'> {
  readonly config: Config;
}

/** Every place that documents can come from. */
export async function openSources({
  config,
  stack,
  wait,
}: SourceParts): Promise<ReadonlyMap<DocumentOrigin, Source>> {
  const memory = stack.use(openPageMemory(join(config.dataDir, 'web')));
  const web = {
    fetch: guardedFetch({ allowed: config.urlAllow, userAgent: `${ROBOT_NAME}/${VERSION}` }),
    memory,
    maxBytes: Math.min(MAX_URL_BYTES, config.maxDocumentBytes),
  };
  const site = {
    ...web,
    clock: systemClock,
    pause: wait,
    intervalMs: 1000 / config.siteRequestsPerSecond,
    robotName: ROBOT_NAME,
  };
  return new Map<DocumentOrigin, Source>([
    ['folder', folderSource({ excluded: [await realpath(config.dataDir)] })],
    ['git', stack.use(gitSource())],
    ['url', urlSource(web)],
    ['site', siteSource(site)],
  ]);
}
