import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import fastify from 'fastify';
import { fakeDependencies, testOptions } from '../../test/http/harness.ts';
import { ROUTES } from './contract/routes.ts';
import { buildOpenApi } from './openapi.ts';
import { registerInFlight } from './plugins/in-flight.ts';
import { registerRoutes } from './register-routes.ts';

/** `METHOD path` of every route that the server registers, without the HEAD twins of GET routes. */
async function registeredRoutes(): Promise<string[]> {
  const app = fastify();
  const found: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const name of [method].flat()) {
      if (name !== 'HEAD') found.push(`${name} ${url.replaceAll(/:([a-z_]+)/g, '{$1}')}`);
    }
  });
  registerRoutes(app, {
    dependencies: fakeDependencies(),
    options: testOptions(),
    inFlight: registerInFlight(app),
  });
  await app.ready();
  await app.close();
  return found.sort();
}

describe('the OpenAPI document', () => {
  it('describes exactly the registered routes', async () => {
    assert.deepEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort(), await registeredRoutes());
  });

  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(buildOpenApi('1.2.3'))));
    assert.deepEqual(result.errors, undefined);
    assert.equal(result.valid, true);
  });

  it('refers to components that are there', () => {
    const document = JSON.stringify(buildOpenApi('1.2.3'));
    const { components } = JSON.parse(document) as { components: { schemas: Record<string, unknown> } };
    const referred = new Set([...document.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target));
    const known = new Set(Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`));
    assert.ok(referred.size > 10);
    assert.deepEqual(
      [...referred].filter((target) => !known.has(target ?? '')),
      [],
    );
  });

  it('gives every operation its own id', () => {
    assert.equal(new Set(ROUTES.map(({ id }) => id)).size, ROUTES.length);
  });

  it('shows what may be left out of a request and what a response always has', () => {
    const { components } = JSON.parse(JSON.stringify(buildOpenApi('1.2.3'))) as {
      components: { schemas: Record<string, { required: string[] }> };
    };
    assert.deepEqual(components.schemas['QueryRequest']?.required, ['query']);
    assert.ok(components.schemas['Answer']?.required.includes('degraded'));
  });
});
