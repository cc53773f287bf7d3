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
} else {
  cacheCompiledCode();
  if (process.env.npm_command) stopWithParent(process.ppid);
  import('../src/main.ts');
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
