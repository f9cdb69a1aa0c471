/** What this browser is called in lists of sessions and devices until someone finds a better name: "Chrome, Android". */
export function deviceName(agent: string = navigator.userAgent): string {
  const browser = /Edg\//.test(agent) ? 'Edge' : /Firefox\//.test(agent) ? 'Firefox' : /Chrome\//.test(agent) ? 'Chrome' : 'Safari';
  const system = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'CrOS', 'Linux'].find((name) => agent.includes(name)) ?? '';
  return system ? `${browser}, ${system}` : browser;
}
