import type { DnsAnswer, Resolver } from './dns.ts';

/** A resolver whose answers are told, a line each. */
export function toldResolver(resolver: Resolver, tell: (text: string) => void): Resolver {
  return {
    async lookup(name, type) {
      const answer = await resolver.lookup(name, type);
      tell(`dns: ${type} ${name}: ${answerText(answer)}`);
      return answer;
    },
  };
}

function answerText(answer: DnsAnswer): string {
  if (answer.kind === 'temporary' || answer.kind === 'bogus') return `${answer.kind}, ${answer.reason}`;
  const secure = answer.secure ? ', validated' : '';
  if (answer.kind !== 'answer') return `${answer.kind}${secure}`;
  return `${answer.records.map((record) => (typeof record === 'string' ? record : JSON.stringify(record))).join(' ')}${secure}`;
}
