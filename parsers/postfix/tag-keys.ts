import { OwnKeys } from './own-mail.ts';
import { notesKey } from './proxy-notes.ts';
import { type Program, programOf } from './tags.ts';

/** More tags or processes than this only cost the making of a key. */
const MOST = 10_000;

/** What the lines of one tag of one host have in common: made once, for a key made anew costs more than its line. */
export class TagKeys {
  readonly program: Program | undefined;
  /** The key of {@link TagFacts}. */
  readonly facts: string;
  /** The key of what tlsproxy noted on the host. */
  readonly proxyNotes: string;
  readonly own: OwnKeys;
  readonly #process: string;
  readonly #processes = new Map<number, string>();

  constructor(host: string, tag: string) {
    this.program = programOf(tag);
    this.facts = `${FACTS}${host} ${tag}`;
    this.proxyNotes = notesKey(host);
    this.own = new OwnKeys(host);
    this.#process = `${PROCESS}${host} ${tag} `;
  }

  /** The key of an smtp process: host, whole tag and pid, for merged logs repeat pids. */
  process(pid: number): string {
    const known = this.#processes.get(pid);
    if (known !== undefined) return known;
    const key = this.#process + pid;
    if (this.#processes.size >= MOST) this.#processes.clear();
    this.#processes.set(pid, key);
    return key;
  }
}

/** Finds the keys of a tag. */
export class TagKeysCache {
  readonly #known = new Map<string, TagKeys>();
  #host = '';
  #tag = '';
  #last: TagKeys | undefined;

  of(host: string, tag: string): TagKeys {
    if (this.#last !== undefined && this.#host === host && this.#tag === tag) return this.#last;
    const name = `${host} ${tag}`;
    const keys = this.#known.get(name) ?? new TagKeys(host, tag);
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(name, keys);
    this.#host = host;
    this.#tag = tag;
    this.#last = keys;
    return keys;
  }
}

/** What the keys of processes, and of the facts of tags, begin with. */
export const PROCESS = 'smtp ';
export const FACTS = 'tag ';
