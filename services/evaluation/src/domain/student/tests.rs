//! Against values of scipy.stats.t.

use super::*;

/// (df, 97.5 % quantile, P(T <= -2), P(T <= -9)).
const REFERENCE: [(f64, f64, f64, f64); 11] = [
    (1.0, 12.706204736175, 1.475836176504e-01, 3.522328747728e-02),
    (2.0, 4.302652729749, 9.175170953614e-02, 6.060830046393e-03),
    (3.0, 3.182446305284, 6.966298427942e-02, 1.447906080932e-03),
    (3.5, 2.940088637983, 6.306926128796e-02, 7.659164870993e-04),
    (4.651, 2.629696692737, 5.310462291429e-02, 2.042701398186e-04),
    (9.0, 2.262157162798, 3.827641188535e-02, 4.269025611583e-06),
    (29.0, 2.045229642133, 2.747181859148e-02, 3.404952312873e-10),
    (199.0, 1.971956544252, 2.343000020064e-02, 9.094412944486e-17),
    (1e4, 1.960201239891, 2.276363033072e-02, 1.333921634734e-19),
    (1e6, 1.959966356814, 2.275026692566e-02, 1.130486516746e-19),
    (1e7, 1.959964221767, 2.275014544592e-02, 1.128778082695e-19),
];

#[test]
fn quantiles_agree_with_reference_values() {
    for (df, quantile, _, _) in REFERENCE {
        let found = two_sided_quantile(0.95, df);
        assert!((found - quantile).abs() < 2e-7, "df {df}: {found} is not {quantile}");
    }
}

#[test]
fn lower_tails_agree_with_reference_values() {
    for (df, _, at_two, at_nine) in REFERENCE {
        assert!((lower_tail(-2.0, df) / at_two - 1.0).abs() < 1e-7, "df {df}");
        assert!((lower_tail(-9.0, df) / at_nine - 1.0).abs() < 1e-7, "df {df}");
        assert!((lower_tail(2.0, df) + at_two - 1.0).abs() < 1e-9, "df {df}");
    }
}

#[test]
fn the_middle_is_one_half_and_the_ends_are_zero_and_one() {
    assert!((lower_tail(0.0, 7.0) - 0.5).abs() < 1e-15);
    assert_eq!(lower_tail(f64::NEG_INFINITY, 7.0), 0.0);
    assert_eq!(lower_tail(f64::INFINITY, 7.0), 1.0);
}

#[test]
fn huge_degrees_of_freedom_give_the_normal_quantile() {
    assert!((two_sided_quantile(0.95, 1e12) - 1.959_963_985).abs() < 3e-7);
}

#[test]
fn an_extreme_confidence_still_ends() {
    assert!(two_sided_quantile(0.999_999_999_999, 1.0) >= 1e9);
    assert!(two_sided_quantile(1e-12, 3.0) < 1e-6);
}
