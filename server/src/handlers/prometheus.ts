/**
 * A module of its own, so that the library is loaded only where somebody asks for figures: in a bundle a CommonJS package that is
 * imported at run time shows its exports under `default` alone.
 */
import { Counter, Gauge, Registry } from 'prom-client';

export const prometheus = { Counter, Gauge, Registry };
