/** Whether an address is of a private or link-local network (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291). */
export function isPrivate(address: string): boolean {
  if (address.includes(':')) return /^f[cd]|^fe[89ab]/i.test(address);
  const [first = 0, second = 0] = address.split('.').map(Number);
  return (
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 100 && second >= 64 && second < 128) ||
    (first === 169 && second === 254)
  );
}
