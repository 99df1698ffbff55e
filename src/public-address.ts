/** The IPv4 networks that are not for the open Internet (IANA special-purpose registry, RFC 6890), as [network, bits]. */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** What is not for the open Internet inside 2000::/3, the only IPv6 space that is (6to4 and Teredo hide an IPv4). */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

/**
 * Whether an address can belong to a host on the open Internet: not private, loopback, link-local, multicast,
 * documentation or otherwise special. IPv4 inside IPv6 (mapped, NAT64) is judged by the IPv4 it stands for.
 * Anything that is no address is none.
 */
export function isPublicAddress(address: string): boolean {
  const four = ipv4Value(address);
  if (four !== undefined) return isPublicIpv4(four);
  const groups = ipv6Groups(address);
  return groups !== undefined && isPublicIpv6(groups);
}

function isPublicIpv4(value: number): boolean {
  return !SPECIAL_IPV4.some(([network, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(value / size) === Math.floor((ipv4Value(network) ?? 0) / size);
  });
}

function isPublicIpv6(groups: readonly number[]): boolean {
  const mapped = startsWith(groups, [0, 0, 0, 0, 0, 0xffff], 96);
  const nat64 = startsWith(groups, [0x64, 0xff9b], 96);
  if (mapped || nat64) return isPublicIpv4((groups[6] ?? 0) * 0x10000 + (groups[7] ?? 0));
  if (!startsWith(groups, [0x2000], 3)) return false;
  return !SPECIAL_IPV6.some(([network, bits]) => startsWith(groups, ipv6Groups(network) ?? [], bits));
}

function startsWith(groups: readonly number[], network: readonly number[], bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 16) {
    const shift = Math.max(0, 16 - (bits - bit));
    if ((groups[bit / 16] ?? 0) >> shift !== (network[bit / 16] ?? 0) >> shift) return false;
  }
  return true;
}

function ipv4Value(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + part, 0);
}

/** The eight groups of an IPv6 address; a zone id is no part of it. */
function ipv6Groups(text: string): number[] | undefined {
  const bare = text.replace(/%.*$/, '');
  if (!/^[0-9a-fA-F:]+(?:\d+\.\d+\.\d+\.\d+)?$/.test(bare) || !bare.includes(':')) return undefined;
  const halves = bare.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined) return undefined;
  if (tail === undefined) return halves.length === 1 && head.length === 8 ? head : undefined;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? undefined : [...head, ...Array<number>(missing).fill(0), ...tail];
}

function groupsOf(half: string): number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  for (const part of half.split(':')) {
    const four = ipv4Value(part);
    if (four !== undefined) groups.push(Math.floor(four / 0x10000), four % 0x10000);
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
