/** A counter only grows (until it starts anew); a gauge may do as it likes. */
export type MetricKind = 'counter' | 'gauge';

/** One line of a metric: its labels and its value. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric with all its samples. */
export interface Metric {
  /** Without the program's prefix: `sessions_total`. */
  readonly name: string;
  readonly kind: MetricKind;
  /** One sentence for people. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

const PREFIX = 'maillog_tlsrpt_';

/** A metric as machines get it elsewhere: under the name that Prometheus knows it by. */
export function withFullName(metric: Metric): Metric {
  return { ...metric, name: PREFIX + metric.name };
}

/**
 * Prometheus' text exposition format, version 0.0.4, as node_exporter's textfile collector reads it.
 * A metric without samples is left out: a name alone says nothing.
 */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics
    .filter((metric) => metric.samples.length > 0)
    .map((metric) => {
      const name = PREFIX + metric.name;
      const head = [`# HELP ${name} ${escapeHelp(metric.help)}`, `# TYPE ${name} ${metric.kind}`];
      const samples = metric.samples.map((sample) => `${seriesName(name, sample.labels)} ${sample.value}`);
      return `${[...head, ...samples].join('\n')}\n`;
    })
    .join('');
}

/** `name{a="b"}`; also the key under which a counter's past is remembered. */
function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

function escapeHelp(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
}
