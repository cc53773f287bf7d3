import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createRequire } from 'node:module';

/** Where a real ONNX model and its runtime are, or what is missing. */
export type FoundOnnx =
  | { readonly folder: string; readonly packageFolder: string }
  | { readonly missing: string };

/**
 * A folder with all-MiniLM-L6-v2 as ONNX (`HOLDFAST_TEST_ONNX`, else in the cache), and the folder whose
 * `node_modules` has `onnxruntime-node` (`HOLDFAST_TEST_ONNX_RUNTIME`, else this checkout).
 */
export function findOnnx(): FoundOnnx {
  const { HOLDFAST_TEST_ONNX, HOLDFAST_TEST_ONNX_RUNTIME, XDG_CACHE_HOME } = process.env;
  const folder =
    HOLDFAST_TEST_ONNX ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast', 'minilm-onnx');
  const packageFolder = HOLDFAST_TEST_ONNX_RUNTIME ?? process.cwd();
  if (!existsSync(join(folder, 'model.onnx')))
    return {
      missing: `no ONNX model in ${folder}: set HOLDFAST_TEST_ONNX to the folder of all-MiniLM-L6-v2`,
    };
  try {
    createRequire(join(packageFolder, 'package.json')).resolve('onnxruntime-node');
  } catch {
    return { missing: `no onnxruntime-node in ${packageFolder}: set HOLDFAST_TEST_ONNX_RUNTIME` };
  }
  return { folder, packageFolder };
}
