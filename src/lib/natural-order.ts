// The order in which people expect numbered names: 6.0.10 after 6.0.9.

const [zero, nine] = [48, 57];

/**
 * Negative if the first name comes first. A run of digits counts as one number, everything else by its code units; names
 * that differ only in leading zeros are in byte order. No two different names compare equal.
 */
export function compareNaturally(one: string, other: string): number {
  let [left, right] = [0, 0];
  while (left < one.length && right < other.length) {
    const [a, b] = [one.charCodeAt(left), other.charCodeAt(right)];
    if (!isDigit(a) || !isDigit(b)) {
      if (a !== b) return a - b;
      left += 1;
      right += 1;
      continue;
    }
    const [endLeft, endRight] = [endOfNumber(one, left), endOfNumber(other, right)];
    const difference = compareNumbers(one, skipZeros(one, left, endLeft), endLeft, {
      text: other,
      start: skipZeros(other, right, endRight),
      end: endRight,
    });
    if (difference !== 0) return difference;
    left = endLeft;
    right = endRight;
  }
  const rest = one.length - left - (other.length - right);
  if (rest !== 0) return rest;
  return one < other ? -1 : Number(one > other);
}

function isDigit(code: number): boolean {
  return code >= zero && code <= nine;
}

function endOfNumber(text: string, start: number): number {
  let end = start;
  while (end < text.length && isDigit(text.charCodeAt(end))) end += 1;
  return end;
}

function skipZeros(text: string, start: number, end: number): number {
  let position = start;
  while (position < end - 1 && text.charCodeAt(position) === zero) position += 1;
  return position;
}

/** Of any length: the longer number is the larger one, and of two equally long ones the first different digit tells. */
function compareNumbers(
  text: string,
  start: number,
  end: number,
  other: { readonly text: string; readonly start: number; readonly end: number },
): number {
  const length = end - start - (other.end - other.start);
  if (length !== 0) return length;
  for (let offset = 0; start + offset < end; offset += 1) {
    const difference = text.charCodeAt(start + offset) - other.text.charCodeAt(other.start + offset);
    if (difference !== 0) return difference;
  }
  return 0;
}
