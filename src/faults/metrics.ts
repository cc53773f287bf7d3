import type { FaultProxy } from './proxy.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  /** Labels beside the proxy's name, and the value. */
  readonly samples: (proxy: FaultProxy) => readonly (readonly [labels: string, value: number])[];
}

const FAMILIES: readonly Family[] = [
  {
    name: 'holdfast_faults_connections_total',
    help: 'Connections taken.',
    type: 'counter',
    samples: (proxy) => [['', proxy.counts().connections]],
  },
  {
    name: 'holdfast_faults_live_connections',
    help: 'Connections open now.',
    type: 'gauge',
    samples: (proxy) => [['', proxy.connections()]],
  },
  {
    name: 'holdfast_faults_bytes_total',
    help: 'Bytes received, by direction.',
    type: 'counter',
    samples: (proxy) =>
      Object.entries(proxy.counts().bytes).map(([direction, bytes]) => [`,direction="${direction}"`, bytes]),
  },
  {
    name: 'holdfast_faults_injected_total',
    help: 'Connections, or requests for HTTP toxics, that a toxic worked on.',
    type: 'counter',
    samples: (proxy) =>
      Object.entries(proxy.counts().injected).map(([type, count]) => [`,type="${type}"`, count]),
  },
];

/** All proxies in the text format of Prometheus, version 0.0.4. */
export function proxyMetrics(proxies: ReadonlyMap<string, FaultProxy>): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of FAMILIES) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [proxy, one] of proxies)
      for (const [labels, value] of samples(one)) lines.push(`${name}{proxy="${proxy}"${labels}} ${value}`);
  }
  return `${lines.join('\n')}\n`;
}
