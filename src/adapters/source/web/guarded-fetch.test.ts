import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { localWeb, type Answer } from '../../../../test/local-web.ts';
import { HoldfastError } from '../../../core/errors.ts';
import { readAllowedPlace, type AllowedPlace } from '../../../lib/allowed-place.ts';
import { guardedFetch, type Resolve } from './guarded-fetch.ts';
import type { WebAnswer, WebRequest } from './web-fetch.ts';

const { signal } = new AbortController();

function allowing(...entries: string[]): readonly AllowedPlace[] {
  return entries.map((entry) => {
    const place = readAllowedPlace(entry);
    assert.ok(place, entry);
    return place;
  });
}

interface FetchOptions extends Partial<WebRequest> {
  readonly allowed?: readonly AllowedPlace[];
  readonly resolve?: Resolve;
  readonly timeoutMs?: number;
}

async function get(url: string, options: FetchOptions = {}): Promise<WebAnswer> {
  const { allowed = [], resolve, timeoutMs, ...request } = options;
  const fetch = guardedFetch({
    allowed,
    userAgent: 'test',
    ...(resolve === undefined ? {} : { resolve }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  return fetch({ url, maxBytes: 1_000_000, isDocument: true, ...request }, signal);
}

/** `code: message`, or what was fetched after all. */
async function outcome(url: string, options: FetchOptions = {}): Promise<string> {
  try {
    const answer = await get(url, options);
    return answer.kind === 'fetched' ? `fetched ${Buffer.from(answer.bytes).toString()}` : answer.kind;
  } catch (error) {
    assert.ok(error instanceof HoldfastError, String(error));
    return `${error.code}: ${error.message}`;
  }
}

function resolvingTo(...addresses: string[]): Resolve {
  return async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
}

/** Addresses that nothing may be fetched from, as URLs write them. */
const FORBIDDEN_HOSTS = [
  '127.0.0.1',
  '127.255.255.254',
  'localhost',
  'localhost.',
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '169.254.170.2',
  '169.254.1.1',
  '100.64.0.1',
  '100.127.255.255',
  '100.100.100.200',
  '168.63.129.16',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '[::]',
  '[::1]',
  '[::7f00:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[::ffff:8.8.8.8]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::8.8.8.8]',
  '[64:ff9b:1::a00:1]',
  '[2002:7f00:1::]',
  '[2001:0:7f00:1::]',
  '[2001:db8::1]',
  '[2001:2::1]',
  '[3fff::1]',
  '[5f00::1]',
  '[100::1]',
  '[fc00::1]',
  '[fd00:ec2::254]',
  '[fd12:3456::1]',
  '[fe80::1]',
  '[fec0::1]',
  '[ff02::1]',
] as const;

/** Ways to hide an address, or to make two readers of a URL see two hosts. */
const INVALID_URLS = [
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.0x0.0x0.0x1/',
  'http://017700000001/',
  'http://0177.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://127.0.0.1./',
  'http://134744072/',
  'http://①②⑦.⓪.⓪.①/',
  'http://１２７.０.０.１/',
  'http://127。0。0。1/',
  'http://127.0.0.%31/',
  'http://user@example.com/',
  'http://user:password@example.com/',
  'http://example.com@127.0.0.1/',
  'http://example.com:80@127.0.0.1/',
  'http://:@example.com@127.0.0.1/',
  'http://example.com\\@127.0.0.1/',
  'http:\\\\127.0.0.1\\',
  'http://exa\tmple.com/',
  'http://example.com/\r\nHost: 127.0.0.1',
  'http://[::1%25lo]/',
  'http://256.256.256.256/',
  'http://1.2.3.4.5/',
  'file:///etc/passwd',
  'ftp://example.com/',
  'gopher://127.0.0.1:70/_x',
  'data:text/html,x',
  'javascript:alert(1)',
  'jar:http://127.0.0.1!/',
  '//127.0.0.1/',
  '/etc/passwd',
  'http://',
  '',
] as const;

describe('a guarded fetch', () => {
  for (const host of FORBIDDEN_HOSTS) {
    it(`refuses ${host}`, async () => {
      assert.match(await outcome(`http://${host}/`), /^url_forbidden: /);
      assert.match(await outcome(`https://${host}/`), /^url_forbidden: /);
    });
  }

  it('refuses a name that has a forbidden address, also beside a public one', async () => {
    for (const host of FORBIDDEN_HOSTS.filter((host) => !host.startsWith('localhost'))) {
      const address = host.replace(/^\[|\]$/g, '');
      assert.match(
        await outcome('http://name.example/', { resolve: resolvingTo(address) }),
        /^url_forbidden: /,
        host,
      );
      assert.match(
        await outcome('http://name.example/', { resolve: resolvingTo('8.8.8.8', address) }),
        /^url_forbidden: /,
        host,
      );
    }
  });

  for (const url of INVALID_URLS) {
    it(`refuses ${JSON.stringify(url)}`, async () => {
      assert.match(await outcome(url), /^url_invalid: the URL /);
    });
  }

  it('refuses ports other than 80 and 443 on public addresses', async () => {
    for (const port of [21, 22, 25, 81, 6379, 8080, 11_434, 65_535]) {
      assert.match(
        await outcome(`http://name.example:${port}/`, { resolve: resolvingTo('8.8.8.8') }),
        new RegExp(`^url_forbidden: .*the port ${port} is neither 80 nor 443`),
      );
    }
  });

  it('never shows a password', async () => {
    assert.doesNotMatch(await outcome('http://user:hidden@example.com/'), /hidden/);
  });

  it('connects to the address that was checked, whatever the name says afterwards', async () => {
    await using web = await localWeb((_request, response) => response.end('right'));
    const answers = ['127.0.0.1', '127.0.0.2', '10.0.0.1'];
    let asked = 0;
    const resolve: Resolve = async () => [{ address: answers[asked++] ?? '', family: 4 }];
    const url = `http://name.example:${web.port}/`;
    assert.equal(await outcome(url, { resolve, allowed: allowing('127.0.0.1') }), 'fetched right');
    assert.equal(asked, 1);
    assert.match(await outcome(url, { resolve, allowed: allowing('127.0.0.1') }), /^url_forbidden: /);
  });

  it('refuses a name whose other addresses are not allowed', async () => {
    await using web = await localWeb((_request, response) => response.end('right'));
    assert.match(
      await outcome(`http://name.example:${web.port}/`, {
        resolve: resolvingTo('127.0.0.1', '127.0.0.2'),
        allowed: allowing('127.0.0.1'),
      }),
      /^url_forbidden: .*127\.0\.0\.2 is a loopback address/,
    );
    assert.deepEqual(web.requests, []);
  });
});

const NAMES: Readonly<Record<string, string>> = { 'private.example': '192.168.0.1', localhost: '127.0.0.2' };
const redirected: Resolve = async (host) => [
  { address: NAMES[host] ?? host, family: host.includes(':') ? 6 : 4 },
];

describe('redirects', () => {
  const targets = [
    'http://127.0.0.2/',
    'http://localhost:1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.2]/',
    'http://[64:ff9b::a00:1]/',
    '//127.0.0.2/',
    'https://10.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://user:word@127.0.0.1/',
    'http:\\\\127.0.0.2/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://private.example/',
  ];
  for (const status of [301, 302, 303, 307, 308]) {
    it(`are checked anew at status ${status}`, async () => {
      await using web = await localWeb((request, response) => {
        response.writeHead(status, { location: targets[Number(request.url?.slice(1))] }).end();
      });
      for (const [index, target] of targets.entries()) {
        const options = { allowed: allowing('127.0.0.1'), resolve: redirected };
        assert.match(await outcome(`${web.origin}/${index}`, options), /^url_(forbidden|invalid): /, target);
      }
    });
  }

  it('are followed three times, relative ones too', async () => {
    await using web = await localWeb((request, response) => {
      const [, left] = request.url?.split('/') ?? [];
      if (left === '0') response.end('here');
      else response.writeHead(302, { location: `../${Number(left) - 1}/x` }).end();
    });
    const options = { allowed: allowing('127.0.0.1') };
    assert.equal(await outcome(`${web.origin}/3/x`, options), 'fetched here');
    const answer = await get(`${web.origin}/3/x`, options);
    assert.equal(answer.url, `${web.origin}/0/x`);
    assert.match(await outcome(`${web.origin}/4/x`, options), /^url_redirects: .* more than 3 times$/);
  });

  it('end after three, though there are a thousand', async () => {
    await using web = await localWeb((request, response) => {
      response.writeHead(302, { location: `/${Number(request.url?.slice(1)) + 1}` }).end();
    });
    assert.match(
      await outcome(`${web.origin}/0`, { allowed: allowing('127.0.0.1') }),
      /^url_redirects: .*\/0 redirects more than 3 times$/,
    );
    assert.equal(web.requests.length, 4);
  });
});

describe('the allow-list', () => {
  it('opens hosts, names below a domain, addresses and networks, with a port or without', async () => {
    await using web = await localWeb((_request, response) => response.end('text'));
    const { port } = web;
    const resolve = resolvingTo('127.0.0.1');
    const opens = async (host: string, entry: string) =>
      (await outcome(`http://${host}:${port}/`, { resolve, allowed: allowing(entry) })) === 'fetched text';
    assert.ok(await opens('wiki.example', 'wiki.example'));
    assert.ok(await opens('wiki.example', `WIKI.example:${port}`));
    assert.ok(await opens('wiki.example.', 'wiki.example'));
    assert.ok(await opens('a.b.example', '*.example'));
    assert.ok(await opens('127.0.0.1', '127.0.0.1'));
    assert.ok(await opens('wiki.example', '127.0.0.0/8'));
    assert.ok(await opens('wiki.example', `127.0.0.0/8:${port}`));
    assert.ok(!(await opens('wiki.example', `wiki.example:${port === 1 ? 2 : 1}`)));
    assert.ok(!(await opens('other.example', 'wiki.example')));
    assert.ok(!(await opens('evilexample', '*.example')));
    assert.ok(!(await opens('example', '*.example')));
    assert.ok(!(await opens('wiki.example', '128.0.0.0/8')));
    assert.ok(!(await opens('wiki.example', '::/0')));
  });

  it('opens a metadata service only by its very address', async () => {
    const resolve = resolvingTo('169.254.169.254');
    for (const entry of ['0.0.0.0/0', '169.254.0.0/16', 'name.example', '*.example']) {
      assert.match(
        await outcome('http://name.example/', { resolve, allowed: allowing(entry) }),
        /^url_forbidden: .*169\.254\.169\.254 is the address of a metadata service/,
      );
    }
  });

  it('takes no entry that is none', () => {
    const entries = [
      '',
      '*',
      '*.',
      'http://wiki',
      'a b',
      '10.0.0.0/33',
      '1.2.3',
      'wiki:0',
      'wiki:70000',
      '::/129',
    ];
    assert.deepEqual(
      entries.filter((entry) => readAllowedPlace(entry) !== null),
      [],
    );
  });
});

const endless: Answer = (_request, response) => {
  const write = (): void => {
    while (response.write(Buffer.alloc(65_536, 'x')));
  };
  response.on('drain', write);
  write();
};

const announced: Answer = (_request, response) =>
  response.writeHead(200, { 'content-length': 1e12 }).write('x');

const drip: Answer = (_request, response) => void response.write('x');

const silent: Answer = () => undefined;

const cut: Answer = (_request, response) =>
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('a long text').subarray(0, 15));

const cutShort: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': 10 });
  response.write('x', () => response.destroy());
};

const noise: Answer = (request) => request.socket.end('noise\r\n\r\n');

const headers: Answer = (_request, response) => {
  response.writeHead(200, { long: 'x'.repeat(60_000) }).end();
};

const upgrade: Answer = (request) =>
  request.socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');

describe('an answer', () => {
  const options = { allowed: allowing('127.0.0.1') };

  async function answered(answer: Answer, more: FetchOptions = {}): Promise<string> {
    await using web = await localWeb(answer);
    return await outcome(`${web.origin}/`, { ...options, ...more });
  }

  it('is unpacked', async () => {
    const packed = { gzip: gzipSync('text'), deflate: deflateSync('text'), br: brotliCompressSync('text') };
    for (const [encoding, body] of Object.entries(packed)) {
      const result = await answered((_request, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(body),
      );
      assert.equal(result, 'fetched text');
    }
  });

  it('ends when it is larger than it says, than is taken, or never ends', async () => {
    assert.match(await answered(endless), /^url_too_large: .* has more than 1000000 bytes$/);
    assert.match(await answered(announced), /^url_too_large: /);
  });

  it('ends when it drips', async () => {
    assert.match(await answered(drip, { timeoutMs: 300 }), /^url_timeout: .* did not end within 0\.3 s$/);
    assert.match(await answered(silent, { timeoutMs: 300 }), /^url_timeout: /);
  });

  it('ends when it is a bomb, in every packing', async () => {
    const zeros = Buffer.alloc(16_000_000);
    const bombs = { gzip: gzipSync(zeros), deflate: deflateSync(zeros), br: brotliCompressSync(zeros) };
    for (const [encoding, bomb] of Object.entries(bombs)) {
      assert.ok(bomb.length < 100_000);
      const result = await answered((_request, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end(bomb),
      );
      assert.match(result, /^url_too_large: .* has more than 1000000 bytes unpacked$/, encoding);
    }
  });

  it('is refused when it cannot be unpacked', async () => {
    for (const encoding of ['gzip', 'deflate', 'br', 'gzip, gzip', 'zip']) {
      const result = await answered((_request, response) =>
        response.writeHead(200, { 'content-encoding': encoding }).end('not packed at all'),
      );
      assert.match(result, /^url_malformed: /, encoding);
    }
    assert.match(await answered(cut), /^url_malformed: .* cannot be unpacked as gzip/);
  });

  it('is refused unread when it is no document', async () => {
    for (const type of ['image/png', 'Audio/MPEG', 'video/mp4; codecs=x', 'font/woff2']) {
      const result = await answered((_request, response) =>
        response.writeHead(200, { 'content-type': type }).end('x'),
      );
      assert.match(result, /^url_content_type: .* is (image|audio|video|font)\/\w+, which holds no text$/);
    }
  });

  it('is unreachable when the connection is cut or the answer is not HTTP', async () => {
    assert.match(await answered(cutShort), /^url_unreachable: .* cannot be fetched: /);
    assert.match(await answered(noise), /^url_unreachable: .* the answer is not HTTP/);
    assert.match(await answered(headers), /^url_unreachable: .* the headers are larger than/);
    assert.match(await answered(upgrade), /^url_malformed: .* answers with another protocol/);
  });

  it('is unreachable when nothing listens', async () => {
    const web = await localWeb(() => undefined);
    await web[Symbol.asyncDispose]();
    assert.match(
      await outcome(`${web.origin}/`, options),
      /^url_unreachable: .* cannot be fetched: the connection was refused$/,
    );
  });

  it('with an error status is told with the status', async () => {
    await using web = await localWeb((_request, response) =>
      response.writeHead(503, { 'retry-after': '7' }).end('busy'),
    );
    assert.deepEqual(await get(`${web.origin}/`, options), {
      kind: 'refused',
      url: `${web.origin}/`,
      status: 503,
      retryAfterMs: 7000,
    });
  });

  it('costs no body when the page has not changed', async () => {
    await using web = await localWeb((request, response) => {
      if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"1"', 'content-type': 'text/HTML; charset=utf-8' }).end('text');
    });
    const first = await get(`${web.origin}/#part`, options);
    assert.equal(first.kind, 'fetched');
    if (first.kind !== 'fetched') return;
    assert.deepEqual(
      { ...first, bytes: Buffer.from(first.bytes).toString() },
      {
        kind: 'fetched',
        url: `${web.origin}/`,
        bytes: 'text',
        mediaType: 'text/html',
        validators: { etag: '"1"', lastModified: null },
      },
    );
    const second = await get(`${web.origin}/`, { ...options, validators: first.validators });
    assert.deepEqual(second, { kind: 'unchanged', url: `${web.origin}/` });
  });

  it('stops with the reason of its signal', async () => {
    await using web = await localWeb(() => undefined);
    const stop = new AbortController();
    const fetch = guardedFetch({ ...options, userAgent: 'test' });
    const going = fetch({ url: `${web.origin}/`, maxBytes: 1, isDocument: true }, stop.signal);
    stop.abort(new HoldfastError('shutting_down', 'over'));
    await assert.rejects(going, { code: 'shutting_down' });
  });
});
