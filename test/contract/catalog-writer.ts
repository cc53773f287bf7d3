import { sqliteCatalog } from '../../src/adapters/catalog/sqlite.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { GENERATION, putOf, scopeOf } from './catalog-samples.ts';

// A process to be killed: commits one document after the other and prints the count of those acknowledged.
const [path = '', first = '0'] = process.argv.slice(2);
const docs = scopeOf('docs');
const catalog = sqliteCatalog({ path, clock: systemClock });
if ((await catalog.getCollection(docs)) === null) {
  const settings = { language: 'auto', description: '' };
  await catalog.createCollection({ ...docs, settings, generation: GENERATION });
}
for (let count = Number(first); ; count += 1) {
  await catalog.commit(docs, [putOf(docs, `${count}.md`)]);
  process.stdout.write(`${count + 1}\n`);
}
