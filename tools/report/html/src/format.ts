// SPDX-License-Identifier: Apache-2.0
//
// Figures as the text report writes them (tools/base/units.h): binary units, three digits, two units of time.

const sizes: [string, number][] = [['EiB', 2 ** 60], ['PiB', 2 ** 50], ['TiB', 2 ** 40], ['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10], ['B', 1]];

function threeDigits(value: number): string {
  const text = value.toFixed(Math.abs(value) < 99.95 ? 1 : 0).replace(/\.0$/, '');
  return text === '-0' ? '0' : text;
}

/** "2.5 MiB" */
export function size(bytes: number | null): string {
  if (bytes === null || !Number.isFinite(bytes)) return '?';
  for (const [name, scale] of sizes) {
    if (Math.abs(bytes / scale) >= 0.99951 || scale === 1) return `${threeDigits(bytes / scale)} ${name}`;
  }
  return '?';
}

/** "26 MiB/min" from 60 MiB/h on, else "3 MiB/h" */
export function rate(bytesPerHour: number | null): string {
  if (bytesPerHour === null) return '\u2013';
  return Math.abs(bytesPerHour) >= 60 * 2 ** 20 ? `${size(bytesPerHour / 60)}/min` : `${size(bytesPerHour)}/h`;
}

/** "1,234,567" */
export const count = (value: number): string => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, ',');

function twoUnits(seconds: number, big: number, bigName: string, small: number, smallName: string): string {
  const rounded = Math.round(seconds / small) * small;
  const rest = Math.round((rounded % big) / small);
  return `${count(Math.floor(rounded / big))}${bigName}${rest === 0 ? '' : ` ${rest}${smallName}`}`;
}

/** "1h 30m", "12.5s", "250ms" */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '?';
  if (seconds < 0) return `-${duration(-seconds)}`;
  if (seconds < 0.9995) return seconds === 0 ? '0s' : `${threeDigits(seconds * 1000)}ms`;
  if (seconds < 59.95) return `${threeDigits(seconds)}s`;
  if (seconds < 3600 - 0.5) return twoUnits(seconds, 60, 'm', 1, 's');
  if (seconds < 86400 - 30) return twoUnits(seconds, 3600, 'h', 60, 'm');
  return twoUnits(seconds, 86400, 'd', 3600, 'h');
}

/** A time of the run as a time of day: "2026-11-27 10:15:02Z"; empty where the start is not known. */
export function utc(startTime: number, seconds: number): string {
  const at = new Date((startTime + seconds) * 1000);
  return startTime > 0 && !Number.isNaN(at.getTime()) ? `${at.toISOString().slice(0, 19).replace('T', ' ')}Z` : '';
}

/** The last part of a path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
