declare const brand: unique symbol;

/** A value of type `T` that can't be mixed up with another `T` of a different meaning. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
