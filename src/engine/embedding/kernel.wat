;; Adds a weighted int8 row to a sum (SIMD).
;; Compiled into kernel.ts by `npm run kernel`; a test holds the two together.
;;
;; $row: int8, as many as the sum has components. $sum to $end: float32, a multiple of 16 of them, at least 16.
;; sum[i] += factor * row[i]
(module
  (import "env" "memory" (memory 1))
  (func (export "add") (param $row i32) (param $factor f32) (param $sum i32) (param $end i32)
    (local $factors v128) (local $bytes v128) (local $low v128) (local $high v128)
    (local.set $factors (f32x4.splat (local.get $factor)))
    (loop $each
      (local.set $bytes (v128.load (local.get $row)))
      (local.set $low (i16x8.extend_low_i8x16_s (local.get $bytes)))
      (local.set $high (i16x8.extend_high_i8x16_s (local.get $bytes)))
      (v128.store (local.get $sum)
        (f32x4.add (v128.load (local.get $sum))
          (f32x4.mul (local.get $factors) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $low))))))
      (v128.store offset=16 (local.get $sum)
        (f32x4.add (v128.load offset=16 (local.get $sum))
          (f32x4.mul (local.get $factors) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $low))))))
      (v128.store offset=32 (local.get $sum)
        (f32x4.add (v128.load offset=32 (local.get $sum))
          (f32x4.mul (local.get $factors) (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $high))))))
      (v128.store offset=48 (local.get $sum)
        (f32x4.add (v128.load offset=48 (local.get $sum))
          (f32x4.mul (local.get $factors) (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $high))))))
      (local.set $row (i32.add (local.get $row) (i32.const 16)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 64)))
      (br_if $each (i32.lt_u (local.get $sum) (local.get $end))))))
