/** As home shows it beside this device; at most 16 ASCII characters go into the handshake. */
export const APP_VERSION: string = import.meta.env.VITE_APP_VERSION ?? '0.1.0';
