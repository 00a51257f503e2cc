using ILGPU;

namespace FeedbackNN.Gpu.Tests;

/// <summary>
/// A kernel for every method of <see cref="GpuMath"/>: named after the method and its elements, so that tests find them.
/// </summary>
internal static class GpuMathKernels
{
    public static void AbsFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Abs(a[Grid.GlobalIndex.X]);

    public static void ExpFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Exp(a[Grid.GlobalIndex.X]);

    public static void LogFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Log(a[Grid.GlobalIndex.X]);

    public static void SqrtFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Sqrt(a[Grid.GlobalIndex.X]);

    public static void RsqrtFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Rsqrt(a[Grid.GlobalIndex.X]);

    public static void ReciprocalFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Reciprocal(a[Grid.GlobalIndex.X]);

    public static void SquareFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Square(a[Grid.GlobalIndex.X]);

    public static void SinFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Sin(a[Grid.GlobalIndex.X]);

    public static void CosFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Cos(a[Grid.GlobalIndex.X]);

    public static void TanhFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Tanh(a[Grid.GlobalIndex.X]);

    public static void ReluFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Relu(a[Grid.GlobalIndex.X]);

    public static void FloorFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Floor(a[Grid.GlobalIndex.X]);

    public static void CeilFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Ceil(a[Grid.GlobalIndex.X]);

    public static void RoundFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Round(a[Grid.GlobalIndex.X]);

    public static void SignFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Sign(a[Grid.GlobalIndex.X]);

    public static void SigmoidFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Sigmoid(a[Grid.GlobalIndex.X]);

    public static void SoftplusFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Softplus(a[Grid.GlobalIndex.X]);

    public static void Log1pFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Log1p(a[Grid.GlobalIndex.X]);

    public static void Expm1Float(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Expm1(a[Grid.GlobalIndex.X]);

    public static void ErfFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Erf(a[Grid.GlobalIndex.X]);

    public static void RemFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Rem(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void PowFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Pow(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MaximumFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Maximum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MinimumFloat(ArrayView<float> a, ArrayView<float> b, ArrayView<float> c) => c[Grid.GlobalIndex.X] = GpuMath.Minimum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void AbsDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Abs(a[Grid.GlobalIndex.X]);

    public static void ExpDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Exp(a[Grid.GlobalIndex.X]);

    public static void LogDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Log(a[Grid.GlobalIndex.X]);

    public static void SqrtDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Sqrt(a[Grid.GlobalIndex.X]);

    public static void RsqrtDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Rsqrt(a[Grid.GlobalIndex.X]);

    public static void ReciprocalDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Reciprocal(a[Grid.GlobalIndex.X]);

    public static void SquareDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Square(a[Grid.GlobalIndex.X]);

    public static void SinDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Sin(a[Grid.GlobalIndex.X]);

    public static void CosDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Cos(a[Grid.GlobalIndex.X]);

    public static void TanhDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Tanh(a[Grid.GlobalIndex.X]);

    public static void ReluDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Relu(a[Grid.GlobalIndex.X]);

    public static void FloorDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Floor(a[Grid.GlobalIndex.X]);

    public static void CeilDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Ceil(a[Grid.GlobalIndex.X]);

    public static void RoundDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Round(a[Grid.GlobalIndex.X]);

    public static void SignDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Sign(a[Grid.GlobalIndex.X]);

    public static void SigmoidDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Sigmoid(a[Grid.GlobalIndex.X]);

    public static void SoftplusDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Softplus(a[Grid.GlobalIndex.X]);

    public static void Log1pDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Log1p(a[Grid.GlobalIndex.X]);

    public static void Expm1Double(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Expm1(a[Grid.GlobalIndex.X]);

    public static void ErfDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Erf(a[Grid.GlobalIndex.X]);

    public static void RemDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Rem(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void PowDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Pow(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MaximumDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Maximum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MinimumDouble(ArrayView<double> a, ArrayView<double> b, ArrayView<double> c) => c[Grid.GlobalIndex.X] = GpuMath.Minimum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void AbsInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Abs(a[Grid.GlobalIndex.X]);

    public static void SquareInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Square(a[Grid.GlobalIndex.X]);

    public static void ReluInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Relu(a[Grid.GlobalIndex.X]);

    public static void SignInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Sign(a[Grid.GlobalIndex.X]);

    public static void DivInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Div(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void RemInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Rem(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MaximumInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Maximum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MinimumInt(ArrayView<int> a, ArrayView<int> b, ArrayView<int> c) => c[Grid.GlobalIndex.X] = GpuMath.Minimum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void AbsLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Abs(a[Grid.GlobalIndex.X]);

    public static void SquareLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Square(a[Grid.GlobalIndex.X]);

    public static void ReluLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Relu(a[Grid.GlobalIndex.X]);

    public static void SignLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Sign(a[Grid.GlobalIndex.X]);

    public static void DivLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Div(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void RemLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Rem(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MaximumLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Maximum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void MinimumLong(ArrayView<long> a, ArrayView<long> b, ArrayView<long> c) => c[Grid.GlobalIndex.X] = GpuMath.Minimum(a[Grid.GlobalIndex.X], b[Grid.GlobalIndex.X]);

    public static void Uniform(ArrayView<long> a, ArrayView<long> b, ArrayView<float> c) =>
        c[Grid.GlobalIndex.X] = GpuPhilox.Uniform((ulong)b[0], (ulong)b[1], (uint)b[2], a[Grid.GlobalIndex.X]);
}
