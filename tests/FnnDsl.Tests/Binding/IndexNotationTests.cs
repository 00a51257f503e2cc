using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Tests.Library;

namespace FeedbackNN.Dsl.Tests.Binding;

/// <summary>What index notation means: each statement against loops in C#, its derivative against differences.</summary>
public sealed class IndexNotationTests
{
    private const int N = 2, M = 3, K = 4;

    /// <summary>The value of a statement that defines y, for tensors a[n, m, k] and b[n, m, k].</summary>
    private static void Check(string statement, string type, Func<Func<int, int, int, double>, Func<int, int, int, double>, IEnumerable<double>> expected)
    {
        var model = new InterpretedModel($"model P(a: f32[n, 3, 4], b: f32[n, 3, 4]) -> {type} {{\n {statement}\n return y\n}}", ("n", N));
        double[] a = model.Draw(0, 1), b = model.Draw(1, 2);
        var y = model.Predict(a, b)[0];
        InterpretedModel.AssertClose(expected((n, m, k) => a[(n * M + m) * K + k], (n, m, k) => b[(n * M + m) * K + k]).ToArray(), y);
        model.CheckGradients(a, b);
    }

    private static IEnumerable<int> Upto(int count) => Enumerable.Range(0, count);

    private static IEnumerable<double> Each(int p, int q, Func<int, int, double> value) => Upto(p).SelectMany(i => Upto(q).Select(j => value(i, j)));

    private static IEnumerable<double> Each(int p, int q, int r, Func<int, int, int, double> value) => Upto(p).SelectMany(i => Each(q, r, (j, k) => value(i, j, k)));

    [Fact]
    public void Matrix_products_in_both_orders()
    {
        Check("y[s, i, j] = sum[e] a[s, i, e] * b[s, j, e]", "f32[n, 3, 3]", (a, b) => Each(N, M, M, (s, i, j) => Upto(K).Sum(e => a(s, i, e) * b(s, j, e))));
        Check("y[s, j, i] = sum[e] a[s, i, e] * b[s, j, e]", "f32[n, 3, 3]", (a, b) => Each(N, M, M, (s, j, i) => Upto(K).Sum(e => a(s, i, e) * b(s, j, e))));
        Check("y[i, j] = sum[s, e] a[s, i, e] * b[s, j, e]", "f32[3, 3]", (a, b) => Each(M, M, (i, j) => Upto(N).Sum(s => Upto(K).Sum(e => a(s, i, e) * b(s, j, e)))));
        Check("y[i, s, j] = sum[m] a[s, m, i] * b[s, m, j]", "f32[4, n, 4]", (a, b) => Each(K, N, K, (i, s, j) => Upto(M).Sum(m => a(s, m, i) * b(s, m, j))));
    }

    [Fact]
    public void Factors_without_the_reduced_index_come_out_of_the_sum()
    {
        Check("y[s, i] = sum[e] (-a[s, i, e]) * b[s, i, 0] / 4 * 3", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => Upto(K).Sum(e => -a(s, i, e) * b(s, i, 0) / 4 * 3)));
        Check("y[s] = sum[i, e] a[s, i, 1] * b[s, 2, e]", "f32[n]", (a, b) => Upto(N).Select(s => Upto(M).Sum(i => Upto(K).Sum(e => a(s, i, 1) * b(s, 2, e)))));
        Check("y[s] = sum[i: 5] a[s, 0, 0]", "f32[n]", (a, b) => Upto(N).Select(s => 5 * a(s, 0, 0)));
        Check("y[s] = sum[e] 2 / sqrt(4) * a[s, 0, e] * 0.5", "f32[n]", (a, b) => Upto(N).Select(s => Upto(K).Sum(e => 0.5 * a(s, 0, e))));
    }

    [Fact]
    public void A_condition_that_is_asked_again_within_a_branch()
    {
        Check("c[s, i, j] = sum[e] a[s, i, e] * b[s, j, e]\n y[s, i, j] = select(a[s, j, 0] > 0, select(a[s, j, 0] > 0, c[s, i, j], 1.0), 0.0)", "f32[n, 3, 3]",
            (a, b) => Each(N, M, M, (s, i, j) => a(s, j, 0) > 0 ? Upto(K).Sum(e => a(s, i, e) * b(s, j, e)) : 0));
    }

    [Fact]
    public void Divisors_with_reduced_indices()
    {
        Check("y[s, i, j] = sum[e] a[s, i, e] / (2 + b[s, 0, e] * b[s, 0, e]) * b[s, j, e]", "f32[n, 3, 3]",
            (a, b) => Each(N, M, M, (s, i, j) => Upto(K).Sum(e => a(s, i, e) / (2 + b(s, 0, e) * b(s, 0, e)) * b(s, j, e))));
        Check("y[s] = sum[e] a[s, 0, 0] / (3 + b[s, 0, e])", "f32[n]", (a, b) => Upto(N).Select(s => Upto(K).Sum(e => a(s, 0, 0) / (3 + b(s, 0, e)))));
    }

    [Fact]
    public void Three_factors_contract_from_left_to_right()
    {
        Check("y[i, j] = sum[s, e] a[s, i, e] * b[s, 0, e] * a[s, j, e]", "f32[3, 3]", (a, b) => Each(M, M, (i, j) => Upto(N).Sum(s => Upto(K).Sum(e => a(s, i, e) * b(s, 0, e) * a(s, j, e)))));
        Check("y[s, p, q] = sum[i, j] a[s, i, p] * b[s, i, j] * a[s, 0, q]", "f32[n, 4, 4]",
            (a, b) => Each(N, K, K, (s, p, q) => Upto(M).Sum(i => Upto(K).Sum(j => a(s, i, p) * b(s, i, j) * a(s, 0, q)))));
    }

    [Fact]
    public void All_reducers()
    {
        Check("y[s, i] = max[e] a[s, i, e] * b[s, i, e]", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => Upto(K).Max(e => a(s, i, e) * b(s, i, e))));
        Check("y[s, i] = min[e] a[s, i, e] + b[s, i, 0]", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => Upto(K).Min(e => a(s, i, e)) + b(s, i, 0)));
        Check("y[s, i] = prod[e] a[s, i, e]", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => Upto(K).Aggregate(1.0, (p, e) => p * a(s, i, e))));
        Check("y[s, i] = mean[e] a[s, i, e] * b[s, i, e]", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => Upto(K).Average(e => a(s, i, e) * b(s, i, e))));
        Check("y[i] = mean[s, e] a[s, i, e]", "f32[3]", (a, b) => Upto(M).Select(i => Each(N, K, (s, e) => a(s, i, e)).Average()));
        Check("y = sum[s, i, e] a[s, i, e] * b[s, i, e]", "f32[]", (a, b) => [Each(N, M, K, (s, i, e) => a(s, i, e) * b(s, i, e)).Sum()]);
    }

    [Fact]
    public void Movements()
    {
        Check("y[k, m, s] = a[s, m, k]", "f32[4, 3, n]", (a, b) => Each(K, M, N, (k, m, s) => a(s, m, k)));
        Check("z[s, i, j: 3] = a[s, i, j]\n y[s, i] = z[s, i, i]", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => a(s, i, i)));
    }

    [Fact]
    public void Affine_indices()
    {
        Check("y[s, m, t: 3] = a[s, m, t + 1] - a[s, m, t]", "f32[n, 3, 3]", (a, b) => Each(N, M, 3, (s, m, t) => a(s, m, t + 1) - a(s, m, t)));
        Check("y[s, m, t] = a[s, m, 3 - t]", "f32[n, 3, 4]", (a, b) => Each(N, M, K, (s, m, t) => a(s, m, 3 - t)));
        Check("y[s, m, t] = sum[u: 2] a[s, m, 2*t + u]", "f32[n, 3, 2]", (a, b) => Each(N, M, 2, (s, m, t) => a(s, m, 2 * t) + a(s, m, 2 * t + 1)));
        Check("y[s, t] = a[s, 0, -1] * b[s, 2 - t, 1]", "f32[n, 3]", (a, b) => Each(N, M, (s, t) => a(s, 0, 3) * b(s, 2 - t, 1)));
    }

    [Fact]
    public void Convolution_with_stride()
    {
        var model = new InterpretedModel("model P(x: f32[n, 2, 5, 7], w: f32[3, 2, 3, 3]) -> f32[n, 3, 2, 3] {\n y[b, o, i, j] = sum[c, u, v] x[b, c, 2*i + u, 2*j + v] * w[o, c, u, v]\n return y\n}", ("n", 2));
        double[] x = model.Draw(0), w = model.Draw(1, 2);
        var expected = Upto(2).SelectMany(b => Each(3, 2, 3, (o, i, j) =>
            Each(2, 3, 3, (c, u, v) => x[((b * 2 + c) * 5 + 2 * i + u) * 7 + 2 * j + v] * w[((o * 2 + c) * 3 + u) * 3 + v]).Sum()));
        InterpretedModel.AssertClose(expected.ToArray(), model.Predict(x, w)[0]);
        model.CheckGradients(x, w);
        Assert.Single(model.Model.Inference.Nodes, node => node.Operation is Contract);
    }

    [Fact]
    public void Indices_are_integers_and_become_floats_beside_floats()
    {
        Check("y[s, i, j] = select(i >= j, a[s, i, j], 0)", "f32[n, 3, 4]", (a, b) => Each(N, M, K, (s, i, j) => i >= j ? a(s, i, j) : 0));
        Check("y[s, i] = a[s, i, 0] * i + 0.5 * i", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => a(s, i, 0) * i + 0.5 * i));
        Check("y[s, e] = sum[i] a[s, i, e] * i", "f32[n, 4]", (a, b) => Each(N, K, (s, e) => Upto(M).Sum(i => a(s, i, e) * i)));
        Check("z[i: 4, j: 3] = f32(2*i + j)\n y[s, i] = sum[j] z[i, j] * a[s, j, i]", "f32[n, 4]", (a, b) => Each(N, K, (s, i) => Upto(M).Sum(j => (2 * i + j) * a(s, j, i))));
    }

    [Fact]
    public void Functions_of_one_element()
    {
        Check("y[s, i] = softsign(a[s, i, 0]) + exp(b[s, i, 1]) |> tanh", "f32[n, 3]",
            (a, b) => Each(N, M, (s, i) => Math.Tanh(a(s, i, 0) / (1 + Math.Abs(a(s, i, 0))) + Math.Exp(b(s, i, 1)))));
        Check("y[s, i] = huber(a[s, i, 0], b[s, i, 2], delta: 0.5)", "f32[n, 3]",
            (a, b) => Each(N, M, (s, i) => Math.Abs(a(s, i, 0) - b(s, i, 2)) is var e && e <= 0.5 ? e * e / 2 : 0.5 * (e - 0.25)));
        Check("t[s] = sum[i, e] a[s, i, e]\n y[s, i] = huber(t[s], b[s, i, 0], delta: 0.5) + elu(t[s])", "f32[n, 3]",
            (a, b) => Each(N, M, (s, i) => Each(M, K, (j, e) => a(s, j, e)).Sum() is var t && Math.Abs(t - b(s, i, 0)) is var e ? (e <= 0.5 ? e * e / 2 : 0.5 * (e - 0.25)) + (t > 0 ? t : Math.Exp(t) - 1) : 0));
        Check("y[s, i] = relu(sum[e] a[s, i, e] * b[s, i, e])", "f32[n, 3]", (a, b) => Each(N, M, (s, i) => Math.Max(0, Upto(K).Sum(e => a(s, i, e) * b(s, i, e)))));
    }

    [Fact]
    public void Any_leading_axes()
    {
        Check("y[..., i] = sum[e] a[..., e] * b[0, i, e]", "f32[n, 3, 3]", (a, b) => Each(N, M, M, (s, m, i) => Upto(K).Sum(e => a(s, m, e) * b(0, i, e))));
        Check("y[...] = a[..., 0] * b[..., 1]", "f32[n, 3]", (a, b) => Each(N, M, (s, m) => a(s, m, 0) * b(s, m, 1)));
        Check("y[e] = max[...] a[..., e]", "f32[4]", (a, b) => Upto(K).Select(e => Each(N, M, (s, m) => a(s, m, e)).Max()));
    }

    public static TheoryData<string, string, string> Gathers => new()
    {
        { "y[b, t, e] = table[row[b, t], e]", "f32[n, 2, 4]", "rows of a table" },
        { "y[e, b] = table[row[b, 1], e]", "f32[4, n]", "rows as columns" },
        { "y[b] = scores[b, pick[b]]", "f32[n]", "one element of each row" },
        { "y[b, t] = scores[b, column[b, t]]", "f32[n, 2]", "several elements of each row" },
        { "y[b, t] = table[row[b, t], column[b, t]]", "f32[n, 2]", "pairs" },
        { "y[b, t] = cube[pick[b], 1, row[b, t]] * scores[b, 0]", "f32[n, 2]", "two gathers around a fixed axis" },
        { "y[b] = sum[t] scores[b, column[b, t]] * table[row[b, t], 2]", "f32[n]", "a reduced gather" },
        { "y[b, e] = table[row[b, column[b, 0] * 0], e]", "f32[n, 4]", "a gather of a gather" },
        { "y[b, t, u] = cube[pick[b], t, u]", "f32[n, 2, 5]", "whole slices" },
    };

    [Theory, MemberData(nameof(Gathers))]
    public void Integers_as_indices(string statement, string type, string what)
    {
        // pick < 4, row < 5, column < 2; the cube is [4, 2, 5], n is 2.
        var model = new InterpretedModel($"model P(table: f32[5, 4], scores: f32[n, 4], cube: f32[4, 2, 5], row: i32[n, 2], column: i32[n, 2], pick: i32[n]) -> {type} {{\n {statement}\n return y\n}}", ("n", 2));
        double[] table = model.Draw(0), scores = model.Draw(1, 2), cube = model.Draw(2, 3), row = [4, 0, 3, 4], column = [1, 0, 1, 1], pick = [3, 1];
        double Cube(int p, int q, int r) => cube[(p * 2 + q) * 5 + r];
        int Row(int b, int t) => (int)row[2 * b + t];
        int Column(int b, int t) => (int)column[2 * b + t];
        int Pick(int b) => (int)pick[b];
        var expected = what switch
        {
            "rows of a table" => Each(2, 2, 4, (b, t, e) => table[4 * Row(b, t) + e]),
            "rows as columns" => Each(4, 2, (e, b) => table[4 * Row(b, 1) + e]),
            "one element of each row" => Upto(2).Select(b => scores[4 * b + Pick(b)]),
            "several elements of each row" => Each(2, 2, (b, t) => scores[4 * b + Column(b, t)]),
            "pairs" => Each(2, 2, (b, t) => table[4 * Row(b, t) + Column(b, t)]),
            "two gathers around a fixed axis" => Each(2, 2, (b, t) => Cube(Pick(b), 1, Row(b, t)) * scores[4 * b]),
            "a reduced gather" => Upto(2).Select(b => Upto(2).Sum(t => scores[4 * b + Column(b, t)] * table[4 * Row(b, t) + 2])),
            "a gather of a gather" => Each(2, 4, (b, e) => table[4 * Row(b, 0) + e]),
            _ => Each(2, 2, 5, (b, t, u) => Cube(Pick(b), t, u)),
        };
        InterpretedModel.AssertClose(expected.ToArray(), model.Predict(table, scores, cube, row, column, pick)[0]);
        model.CheckGradients(table, scores, cube, row, column, pick);
    }

    [Fact]
    public void One_element_of_each_row_is_a_masked_sum()
    {
        var model = new InterpretedModel("model P(x: f32[n, 4], label: i32[n]) -> f32[n] {\n y[b] = x[b, label[b]]\n return y\n}", ("n", 2)).Model;
        Assert.DoesNotContain(model.Inference.Nodes, node => node.Operation is Gather);
        Assert.Contains(model.Inference.Nodes, node => node.Operation is Reduce);
    }

    [Fact]
    public void Run_time_ranges_become_guards_where_they_could_fail()
    {
        var model = new InterpretedModel("model P(x: f32[n, time]) -> f32[n, time - 2] {\n y[b, t] = mean[u: 3] x[b, t + u]\n return y\n}", ("n", 2), ("time", 5));
        var x = model.Draw(0);
        InterpretedModel.AssertClose(Each(2, 3, (b, t) => Upto(3).Average(u => x[5 * b + t + u])).ToArray(), model.Predict(x)[0]);
        Assert.Contains(model.Model.Guards, guard => guard.Left.ToString() == "1" && guard.Comparison == "<=" && guard.Right.ToString() == "time - 2");
    }

    [Fact]
    public void Truths_count_as_numbers()
    {
        var model = new InterpretedModel("model P(x: f32[n, 4]) -> (count: i32[n], share: f32[n]) {\n count[b] = sum[i] (x[b, i] > 0)\n share[b] = mean[i] (x[b, i] > 0)\n return (count, share)\n}", ("n", 1));
        var results = model.Predict([1.0, -1, 2, 3]);
        Assert.Equal([3.0], results[0]);
        Assert.Equal([0.75], results[1]);
    }
}
