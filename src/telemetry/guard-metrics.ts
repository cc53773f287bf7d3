import { Counter, Gauge, type Registry } from 'prom-client';
import type { Breakers } from '../core/breakers.ts';
import type { DependencyHealth } from '../core/health.ts';

const BREAKER_STATES = ['closed', 'open', 'half_open', 'forced_open', 'disabled'] as const;
const MODEL_STATES = ['up', 'degraded', 'warming', 'misconfigured', 'down'] as const;

/** The calls of one dependency. Counts are since the start of the process. */
export interface CallsReading {
  /** Name of the dependency's breaker. */
  readonly name: string;
  /** Calls that may run at once. */
  readonly limit: number;
  readonly active: number;
  readonly waiting: number;
  /** Calls that found no slot. */
  readonly rejected: number;
  /** Second and third tries. */
  readonly retries: number;
}

/** What a busy process has taken on. */
export interface AdmissionReading {
  readonly running: number;
  readonly waiting: number;
  readonly isOverloaded: boolean;
  /** Requests refused since the start, by kind. */
  readonly rejected: Readonly<Record<string, number>>;
}

/** What is read whenever somebody scrapes. */
export interface Guards {
  readonly breakers: Pick<Breakers, 'list'>;
  readonly calls: () => readonly CallsReading[];
  /** The models in use, as health shows them. */
  readonly models: () => readonly DependencyHealth[];
  /** Null: everything is taken on. */
  readonly admission: () => AdmissionReading | null;
}

type Readings = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];

interface Series {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly read: () => Readings;
}

/** Breakers, bulkheads, models and admission, read whenever somebody scrapes. */
export function guardMetrics(registry: Registry, guards: Guards): void {
  breakerMetrics(registry, guards.breakers);
  callMetrics(registry, guards.calls);
  admissionMetrics(registry, guards.admission);
  gauge(registry, {
    name: 'model_state',
    help: '1 for the state that a model is in, 0 for the others.',
    labelNames: ['name', 'state'],
    read: () =>
      guards
        .models()
        .flatMap(({ name, state }) =>
          MODEL_STATES.map((one) => [{ name, state: one }, one === state ? 1 : 0] as const),
        ),
  });
}

function breakerMetrics(registry: Registry, breakers: Guards['breakers']): void {
  gauge(registry, {
    name: 'circuit_breaker_state',
    help: '1 for the state that a breaker is in, 0 for the others.',
    labelNames: ['name', 'state'],
    read: () =>
      breakers
        .list()
        .flatMap(({ name, state }) =>
          BREAKER_STATES.map((one) => [{ name, state: one }, one === state ? 1 : 0] as const),
        ),
  });
  const counters = {
    successes: ['circuit_breaker_successes_total', 'Calls that succeeded.'],
    failures: ['circuit_breaker_failures_total', 'Calls that failed.'],
    slow: ['circuit_breaker_slow_total', 'Calls that were slow, whatever they came to.'],
    pushbacks: ['circuit_breaker_pushbacks_total', 'Calls that the server asked to repeat later.'],
    rejected: ['circuit_breaker_rejected_total', 'Calls that the breaker did not let through.'],
    opened: ['circuit_breaker_opened_total', 'Times that the breaker opened by its rules.'],
  } as const;
  for (const [total, [name, help]] of Object.entries(counters)) {
    const read = (): Readings =>
      breakers.list().map((one) => [{ name: one.name }, one.totals[total as keyof typeof counters]] as const);
    counter(registry, { name, help, labelNames: ['name'], read });
  }
}

function callMetrics(registry: Registry, calls: Guards['calls']): void {
  const labelNames = ['name'];
  const of = (field: Exclude<keyof CallsReading, 'name'>) => (): Readings =>
    calls().map((one) => [{ name: one.name }, one[field]] as const);
  gauge(registry, {
    name: 'bulkhead_limit',
    help: 'Calls that may run at once.',
    labelNames,
    read: of('limit'),
  });
  gauge(registry, { name: 'bulkhead_active', help: 'Calls that run.', labelNames, read: of('active') });
  gauge(registry, {
    name: 'bulkhead_waiting',
    help: 'Calls that wait for a slot.',
    labelNames,
    read: of('waiting'),
  });
  counter(registry, {
    name: 'bulkhead_rejected_total',
    help: 'Calls that got no slot and were not sent.',
    labelNames,
    read: of('rejected'),
  });
  counter(registry, {
    name: 'model_retries_total',
    help: 'Second and third tries of calls.',
    labelNames,
    read: of('retries'),
  });
}

function admissionMetrics(registry: Registry, admission: Guards['admission']): void {
  const of = (value: (reading: AdmissionReading) => number) => (): Readings => {
    const reading = admission();
    return [[{}, reading === null ? 0 : value(reading)]];
  };
  const labelNames: string[] = [];
  gauge(registry, {
    name: 'admission_running',
    help: 'Questions at work.',
    labelNames,
    read: of(({ running }) => running),
  });
  gauge(registry, {
    name: 'admission_waiting',
    help: 'Questions that wait for their turn.',
    labelNames,
    read: of(({ waiting }) => waiting),
  });
  gauge(registry, {
    name: 'admission_overloaded',
    help: '1 while more comes than can be answered.',
    labelNames,
    read: of(({ isOverloaded }) => (isOverloaded ? 1 : 0)),
  });
  counter(registry, {
    name: 'admission_rejected_total',
    help: 'Requests that were refused because the process is overloaded.',
    labelNames: ['kind'],
    read: () =>
      Object.entries(admission()?.rejected ?? {}).map(([kind, count]) => [{ kind }, count] as const),
  });
}

function gauge(registry: Registry, { name, help, labelNames, read }: Series): void {
  const series = new Gauge({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      for (const [labels, value] of read()) series.set(labels, value);
    },
  });
}

function counter(registry: Registry, { name, help, labelNames, read }: Series): void {
  const series = new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      series.reset();
      for (const [labels, value] of read()) series.inc(labels, value);
    },
  });
}
