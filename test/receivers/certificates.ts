import { fileURLToPath } from 'node:url';

/** Key and certificate of the receivers, and the authority that signed it: see the README there. */
export const CERTIFICATES = fileURLToPath(new URL('certs/', import.meta.url));
