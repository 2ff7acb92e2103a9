/** Before a line of a list in a dialog goes away with the button that has the focus: the focus moves to the next line, or to the dialog. */
export function leaveLine(event: MouseEvent): void {
  const line = (event.currentTarget as HTMLElement).closest('li');
  const next = line?.nextElementSibling ?? line?.previousElementSibling;
  (next?.querySelector('button') ?? line?.closest('[role=dialog]')?.querySelector<HTMLElement>('input, button'))?.focus();
}
