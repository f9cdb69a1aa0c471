// The code of a group, for goods that go from one group to another.

/** groups/{uuid} and its name from the link of a group's code, or from the bare name. */
export function groupIn(text: string): { group: string; name: string } | undefined {
  const query = new URLSearchParams(text.split(/[?&](.*)/s)[1] ?? '');
  const group = /groups\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(query.get('to') ?? text)?.[0];
  return group ? { group, name: query.get('name') ?? '' } : undefined;
}

/** The path of the page on which the group that reads the code hands goods on to this one. */
export function codeOf(group: string, name: string): string {
  return `/group/after?${new URLSearchParams({ to: group, name })}`;
}
