/**
 * Whether a host is one of a policy's `mx` patterns: equal, or `*.` for exactly one left-most label
 * (RFC 8461 §4.1). Names and patterns are A-labels in lower case.
 */
export function matchesMx(host: string, patterns: readonly string[]): boolean {
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  const dot = name.indexOf('.');
  const parent = dot > 0 ? `*${name.slice(dot)}` : undefined;
  return patterns.some((pattern) => pattern === name || pattern === parent);
}
