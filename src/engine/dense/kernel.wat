;; Scores of a block of int8 vectors for one query (relaxed SIMD).
;; Compiled into kernel.ts by `npm run kernel`; a test holds the two together.
;;
;; $vectors: count x stride bytes, int8. $scales, $bias, $out: count x float32. $count: at least 1.
;; $query: stride bytes, each 0..127 (the component plus 64). $stride: a multiple of 64.
;; out[i] = dot(vectors[i], query) * scales[i] - bias[i]; returns the largest.
(module
  (import "env" "memory" (memory 1))
  (func (export "score") (param $vectors i32) (param $scales i32) (param $bias i32) (param $count i32)
    (param $stride i32) (param $query i32) (param $out i32) (result f32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $q i32) (local $queryEnd i32) (local $outEnd i32) (local $score f32) (local $largest f32)
    (local.set $largest (f32.const -inf))
    (local.set $queryEnd (i32.add (local.get $query) (local.get $stride)))
    (local.set $outEnd (i32.add (local.get $out) (i32.shl (local.get $count) (i32.const 2))))
    (loop $each
      (local.set $a (v128.const i32x4 0 0 0 0))
      (local.set $b (v128.const i32x4 0 0 0 0))
      (local.set $c (v128.const i32x4 0 0 0 0))
      (local.set $d (v128.const i32x4 0 0 0 0))
      (local.set $q (local.get $query))
      (loop $part
        (local.set $a (i32x4.relaxed_dot_i8x16_i7x16_add_s (v128.load (local.get $vectors)) (v128.load (local.get $q)) (local.get $a)))
        (local.set $b (i32x4.relaxed_dot_i8x16_i7x16_add_s (v128.load offset=16 (local.get $vectors)) (v128.load offset=16 (local.get $q)) (local.get $b)))
        (local.set $c (i32x4.relaxed_dot_i8x16_i7x16_add_s (v128.load offset=32 (local.get $vectors)) (v128.load offset=32 (local.get $q)) (local.get $c)))
        (local.set $d (i32x4.relaxed_dot_i8x16_i7x16_add_s (v128.load offset=48 (local.get $vectors)) (v128.load offset=48 (local.get $q)) (local.get $d)))
        (local.set $vectors (i32.add (local.get $vectors) (i32.const 64)))
        (local.set $q (i32.add (local.get $q) (i32.const 64)))
        (br_if $part (i32.lt_u (local.get $q) (local.get $queryEnd))))
      (local.set $a (i32x4.add (i32x4.add (local.get $a) (local.get $b)) (i32x4.add (local.get $c) (local.get $d))))
      (local.set $score
        (f32.sub
          (f32.mul
            (f32.convert_i32_s
              (i32.add
                (i32.add (i32x4.extract_lane 0 (local.get $a)) (i32x4.extract_lane 1 (local.get $a)))
                (i32.add (i32x4.extract_lane 2 (local.get $a)) (i32x4.extract_lane 3 (local.get $a)))))
            (f32.load (local.get $scales)))
          (f32.load (local.get $bias))))
      (f32.store (local.get $out) (local.get $score))
      (local.set $largest (select (local.get $score) (local.get $largest) (f32.gt (local.get $score) (local.get $largest))))
      (local.set $scales (i32.add (local.get $scales) (i32.const 4)))
      (local.set $bias (i32.add (local.get $bias) (i32.const 4)))
      (local.set $out (i32.add (local.get $out) (i32.const 4)))
      (br_if $each (i32.lt_u (local.get $out) (local.get $outEnd))))
    (local.get $largest)))
