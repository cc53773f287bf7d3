import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import wabt from 'wabt';

/** Folders of `src/engine/` with a kernel. */
const KERNELS = ['dense', 'embedding'] as const;
export type KernelName = (typeof KERNELS)[number];

function folderOf(name: KernelName): URL {
  return new URL(`../src/engine/${name}/`, import.meta.url);
}

/** Compiles a kernel.wat; used by `npm run kernel` and by the tests that hold each kernel.ts to it. */
export async function compileKernel(name: KernelName): Promise<string> {
  const compiler = await wabt();
  const source = readFileSync(new URL('kernel.wat', folderOf(name)), 'utf8');
  const module = compiler.parseWat('kernel.wat', source, { simd: true, relaxed_simd: true });
  module.validate();
  const { buffer } = module.toBinary({});
  module.destroy();
  return Buffer.from(buffer).toString('base64');
}

async function writeKernel(name: KernelName): Promise<void> {
  const text = `/** Compiled from kernel.wat by \`npm run kernel\`. */\nexport const KERNEL_BASE64 =\n  '${await compileKernel(name)}';\n`;
  writeFileSync(new URL('kernel.ts', folderOf(name)), text);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  for (const name of KERNELS) await writeKernel(name);
