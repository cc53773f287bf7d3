import type { IncomingMessage, ServerResponse } from 'node:http';
import { localWeb, type LocalWeb } from '../local-web.ts';

/** What the stand-in does with a file. */
export type TikaMood =
  | 'works'
  /** Takes the file and never answers. */
  | 'hangs'
  /** Closes the connection. */
  | 'dies'
  /** Answers with this status and no body. */
  | number;

export interface TikaStandIn extends AsyncDisposable {
  readonly url: string;
  mood: TikaMood;
  /** The file names that came, as the header told them. */
  readonly names: string[];
}

type Facts = Readonly<Record<string, string | readonly string[]>>;

/** A server that speaks as tika-server 2.9 does on `/version` and `/rmeta/html`. */
export async function tikaStandIn(): Promise<TikaStandIn> {
  const state = { mood: 'works' as TikaMood, names: [] as string[] };
  const web: LocalWeb = await localWeb((request, response) => void answer(request, response, state));
  return {
    url: web.origin,
    get mood() {
      return state.mood;
    },
    set mood(mood) {
      state.mood = mood;
    },
    names: state.names,
    [Symbol.asyncDispose]: async () => web[Symbol.asyncDispose](),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  state: { readonly mood: TikaMood; readonly names: string[] },
): Promise<void> {
  if (request.url === '/version')
    return void response.writeHead(200, { 'content-type': 'text/plain' }).end('Apache Tika 2.9.2');
  if (request.method !== 'PUT' || request.url !== '/rmeta/html') return void response.writeHead(404).end();
  const [, name = ''] = /filename="([^"]*)"/.exec(request.headers['content-disposition'] ?? '') ?? [];
  state.names.push(name);
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const bytes = Buffer.concat(pieces);
  const { mood } = state;
  if (mood === 'hangs') return;
  if (mood === 'dies') return void request.socket.destroy();
  if (mood !== 'works') return void response.writeHead(mood).end();
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(factsOf(bytes, name)));
}

const COMPOUND_FILE = Buffer.from([0xd0, 0xcf, 0x11, 0xe0]);
const PASSWORD =
  'org.apache.tika.exception.EncryptedDocumentException: Unable to process: document is encrypted\n\tat org.apache.tika.parser.pdf.PDFParser.parse(PDFParser.java:247)\n';

function factsOf(bytes: Buffer, name: string): readonly Facts[] {
  const start = bytes.subarray(0, 8).toString('latin1');
  if (start.startsWith('%PDF')) return [{ ...whole('application/pdf', name), [EXCEPTION]: PASSWORD }];
  if (start.startsWith('{\\rtf'))
    return [
      {
        ...whole('application/rtf', name),
        [CONTENT]: html(['Field report', 'The flow was measured twice.']),
      },
    ];
  if (!bytes.subarray(0, 4).equals(COMPOUND_FILE))
    return [
      {
        ...whole('application/octet-stream', name),
        'X-TIKA:Parsed-By': ['org.apache.tika.parser.DefaultParser', 'org.apache.tika.parser.EmptyParser'],
        [CONTENT]: html([]),
      },
    ];
  // The rest of the file stands in for what a real one holds: a text in each line.
  const [title = '', ...lines] = bytes.subarray(4).toString('utf8').split('\n');
  return [
    {
      ...whole('application/msword', name),
      'dc:title': title,
      'dc:creator': 'Ada Marsh',
      [CONTENT]: html(lines),
    },
    { ...part('/image1.png', 'image/png'), [CONTENT]: html([]) },
    { ...part('/plan.xls', 'application/vnd.ms-excel'), [CONTENT]: html([`Plan of ${title}`]) },
    {
      ...part('/locked.doc', 'application/msword'),
      'X-TIKA:EXCEPTION:embedded_exception': [PASSWORD],
    },
  ];
}

const CONTENT = 'X-TIKA:content';
const EXCEPTION = 'X-TIKA:EXCEPTION:container_exception';

function whole(type: string, name: string): Facts {
  return {
    'Content-Type': type,
    'X-TIKA:Parsed-By': ['org.apache.tika.parser.DefaultParser'],
    'X-TIKA:embedded_depth': '0',
    'X-TIKA:content_handler': 'ToHTMLContentHandler',
    resourceName: name,
  };
}

function part(path: string, type: string): Facts {
  const resourceName = path.slice(1);
  return {
    'Content-Type': type,
    'X-TIKA:embedded_depth': '1',
    'X-TIKA:embedded_resource_path': path,
    resourceName,
  };
}

function html(paragraphs: readonly string[]): string {
  const body = paragraphs.map((paragraph) => `<p>${paragraph}</p>`).join('\n');
  return `<html xmlns="http://www.w3.org/1999/xhtml">\n<head>\n<meta name="X-TIKA:Parsed-By" content="org.apache.tika.parser.DefaultParser"/>\n<title></title>\n</head>\n<body>${body}\n</body></html>`;
}

/** A file of the old Word, as far as the stand-in can tell: a title, and lines of text. */
export function oldWordFile(title: string, ...lines: readonly string[]): Buffer {
  return Buffer.concat([COMPOUND_FILE, Buffer.from([title, ...lines].join('\n'))]);
}
