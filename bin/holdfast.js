#!/usr/bin/env node
// Plain old JavaScript, so that a Node that is too old says so instead of stopping at a syntax error.
'use strict';

if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    'holdfast: needs Node 24 or newer, but this is Node ' +
      process.versions.node +
      '. After `npm ci`, `npm start` and `npx holdfast` use the right Node from node_modules.\n',
  );
  process.exitCode = 2;
} else if (isServer() && process.platform === 'linux' && !process.env.MALLOC_ARENA_MAX) {
  startAgain({ MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' });
} else {
  cacheCompiledCode();
  if (process.env.npm_command) stopWithParent(process.ppid);
  import('../src/main.ts');
}

// The allocator of glibc keeps what large documents leave behind, hundreds of megabytes, unless it is told at the start
// to share its pools between threads and to give large pieces back. The process id and all else stay the same.
function startAgain(settings) {
  var command = [process.execPath].concat(process.execArgv, process.argv.slice(1));
  process.execve(process.execPath, command, Object.assign({}, process.env, settings));
}

function isServer() {
  return process.argv[2] === 'serve' || process.argv[2] === 'start';
}

// Stripping types and compiling take half of a start; Node keeps the result beside the packages, where only their
// owner writes. Worker threads find it through the environment. Without a place to write, it does nothing.
function cacheCompiledCode() {
  var folder = process.getBuiltinModule('path').join(__dirname, '..', 'node_modules', '.cache', 'holdfast');
  process.getBuiltinModule('module').enableCompileCache(folder);
  process.env.NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE || folder;
}

// npm starts us through a shell. SIGTERM for npm ends the shell, which does not pass it on.
function stopWithParent(parent) {
  var timer = setInterval(function () {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  timer.unref();
}
