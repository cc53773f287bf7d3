const FOLDERS: ReadonlySet<string> = new Set(['node_modules', '__pycache__']);
/** What editors, offices and browsers put beside a file while they write it. */
const TEMPORARY = /^~\$|^#.*#$|~$|\.(tmp|temp|swp|swx|part|partial|crdownload)$/i;

/** Whether a file of this name is never taken for a document: it is hidden, or temporary. */
export function isLeftOutName(name: string): boolean {
  return name.startsWith('.') || TEMPORARY.test(name);
}

/** Whether a folder of this name is never entered. */
export function isLeftOutFolder(name: string): boolean {
  return name.startsWith('.') || FOLDERS.has(name);
}
