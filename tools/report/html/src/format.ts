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

/** Figures of one column: all in the unit of the largest, so that they can be compared by eye; "< 0.1 MiB" for what is less. */
export function sizeColumn(values: (number | null)[]): (bytes: number | null) => string {
  const most = values.reduce<number>((largest, value) => (value !== null && Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), 0);
  const [name, scale] = sizes.find(([, unit]) => most / unit >= 0.99951) ?? sizes[sizes.length - 1]!;
  return (bytes) => {
    if (bytes === null || !Number.isFinite(bytes)) return '\u2013';
    const value = bytes / scale;
    if (bytes !== 0 && Math.abs(value) < 0.05) return `< 0.1 ${name}`;
    return `${scale === 1 ? count(value) : value.toFixed(1).replace(/\B(?=(\d{3})+\.)/g, ',')} ${name}`;
  };
}

/** The same for growth: by the minute from 60 MiB/h on, else by the hour. */
export function rateColumn(values: (number | null)[]): (bytesPerHour: number | null) => string {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const minutes = known.some((value) => Math.abs(value) >= 60 * 2 ** 20);
  const inUnit = (value: number): number => (minutes ? value / 60 : value);
  const text = sizeColumn(known.map(inUnit));
  return (bytesPerHour) => (bytesPerHour === null ? '\u2013' : `${text(inUnit(bytesPerHour))}/${minutes ? 'min' : 'h'}`);
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

/** A time of the run by the clock: "2026-11-27 10:15:02 UTC"; empty where the start is not known. */
export function utc(startTime: number, seconds: number): string {
  const at = new Date((startTime + seconds) * 1000);
  return startTime > 0 && !Number.isNaN(at.getTime()) ? `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC` : '';
}

/** The same, or "1h 30m after the start". */
export const moment = (startTime: number, seconds: number): string => utc(startTime, seconds) || `${duration(seconds)} after the start`;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** What stands at an axis: "10:15:02" in a span of minutes, "10:15" in one of hours, "Nov 27 10:15" in one of days. */
export function clock(unixSeconds: number, span: number): string {
  const at = new Date(unixSeconds * 1000);
  if (Number.isNaN(at.getTime())) return '';
  const time = at.toISOString().slice(11, span < 1200 ? 19 : 16);
  return span < 86400 ? time : `${months[at.getUTCMonth()]} ${at.getUTCDate()} ${time}`;
}

/** The last part of a path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;
