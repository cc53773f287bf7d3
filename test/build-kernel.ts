import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import wabt from 'wabt';

const FOLDER = new URL('../src/engine/dense/', import.meta.url);

/** Compiles kernel.wat; used by `npm run kernel` and by the test that holds kernel.ts to it. */
export async function compileKernel(): Promise<string> {
  const compiler = await wabt();
  const source = readFileSync(new URL('kernel.wat', FOLDER), 'utf8');
  const module = compiler.parseWat('kernel.wat', source, { simd: true, relaxed_simd: true });
  module.validate();
  const { buffer } = module.toBinary({});
  module.destroy();
  return Buffer.from(buffer).toString('base64');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const text = `/** Compiled from kernel.wat by \`npm run kernel\`. */\nexport const KERNEL_BASE64 =\n  '${await compileKernel()}';\n`;
  writeFileSync(new URL('kernel.ts', FOLDER), text);
}
