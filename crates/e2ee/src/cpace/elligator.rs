//! Elligator 2 (RFC 9380 §6.7.1) onto Curve25519's u-coordinates, without the clearing of the
//! cofactor, which X25519's clamped scalars do. In constant time: what goes in depends on a
//! password. The arithmetic is fiat-crypto's, which is proven against its specification.

use fiat_crypto::curve25519_64 as fiat;
use subtle::ConstantTimeEq;

/// The curve's coefficient A = 486662, little-endian.
const A: [u8; 3] = [0x06, 0x6d, 0x07];
/// p - 2, little-endian: the exponent that inverts.
const INVERT: [u8; 32] = exponent(0xeb, 0x7f);
/// (p - 1) / 2, little-endian: the exponent that gives the Legendre symbol.
const LEGENDRE: [u8; 32] = exponent(0xf6, 0x3f);

/// Maps 255 bits to a point: v = -A / (1 + 2 r²); v if it is on the curve, else -v - A.
pub(super) fn map(r: &[u8; 32]) -> [u8; 32] {
    let (r, a, one) = (Element::read(r), Element::read_short(&A), Element::read_short(&[1]));
    let square = r.mul(r);
    let v = a.neg().mul(one.add(square).add(square).pow(&INVERT));
    // v³ + A v² + v
    let right = v.mul(v.mul(v.add(a)).add(one));
    let is_not_square = right.pow(&LEGENDRE).is_minus_one();
    Element::select(is_not_square, v, v.add(a).neg()).write()
}

const fn exponent(low: u8, high: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = low;
    bytes[31] = high;
    bytes
}

/// An integer modulo 2^255 - 19.
#[derive(Clone, Copy)]
struct Element(fiat::fiat_25519_tight_field_element);

impl Element {
    const ZERO: Element = Element(fiat::fiat_25519_tight_field_element([0; 5]));

    /// Little-endian; the top bit does not count.
    fn read(bytes: &[u8; 32]) -> Self {
        let mut masked = *bytes;
        masked[31] &= 0x7f;
        let mut out = Element::ZERO;
        fiat::fiat_25519_from_bytes(&mut out.0, &masked);
        out
    }

    fn read_short(bytes: &[u8]) -> Self {
        let mut whole = [0; 32];
        whole[..bytes.len()].copy_from_slice(bytes);
        Element::read(&whole)
    }

    fn write(self) -> [u8; 32] {
        let mut out = [0; 32];
        fiat::fiat_25519_to_bytes(&mut out, &self.0);
        out
    }

    fn add(self, other: Self) -> Self {
        let mut sum = Loose::ZERO;
        fiat::fiat_25519_add(&mut sum.0, &self.0, &other.0);
        sum.carry()
    }

    fn neg(self) -> Self {
        let mut opposite = Loose::ZERO;
        fiat::fiat_25519_opp(&mut opposite.0, &self.0);
        opposite.carry()
    }

    fn mul(self, other: Self) -> Self {
        let mut out = Element::ZERO;
        fiat::fiat_25519_carry_mul(&mut out.0, &self.loose().0, &other.loose().0);
        out
    }

    /// `exponent` is public.
    fn pow(self, exponent: &[u8; 32]) -> Self {
        let bits = (0..256).rev().map(|bit| exponent[bit / 8] >> (bit % 8) & 1 == 1);
        bits.fold(Element::read_short(&[1]), |power, bit| {
            let square = power.mul(power);
            if bit { square.mul(self) } else { square }
        })
    }

    /// 1 if this is -1, else 0.
    fn is_minus_one(self) -> u8 {
        let minus_one = Element::read_short(&[1]).neg().write();
        self.write().as_slice().ct_eq(minus_one.as_slice()).unwrap_u8()
    }

    /// `second` if `choice` is 1, `first` if it is 0.
    fn select(choice: u8, first: Self, second: Self) -> Self {
        let mut out = Element::ZERO;
        fiat::fiat_25519_selectznz(&mut out.0.0, choice, &first.0.0, &second.0.0);
        out
    }

    fn loose(self) -> Loose {
        let mut out = Loose::ZERO;
        fiat::fiat_25519_relax(&mut out.0, &self.0);
        out
    }
}

/// An [`Element`] between two steps, with its carries still to be done.
struct Loose(fiat::fiat_25519_loose_field_element);

impl Loose {
    const ZERO: Loose = Loose(fiat::fiat_25519_loose_field_element([0; 5]));

    fn carry(self) -> Element {
        let mut out = Element::ZERO;
        fiat::fiat_25519_carry(&mut out.0, &self.0);
        out
    }
}
