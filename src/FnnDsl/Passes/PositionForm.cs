namespace FeedbackNN.Dsl.Passes;

/// <summary>A whole number made of two positions: Query · i + Key · j + Constant, where j, the key's, is behind i, the query's: j &gt; i ≥ 0.</summary>
internal readonly record struct PositionForm(long Query, long Key, long Constant)
{
    /// <summary>How often a form may have a position: see <see cref="Checked"/>.</summary>
    public const long MostTimes = 64;

    public static PositionForm QueryItself => new(1, 0, 0);

    public static PositionForm KeyItself => new(0, 1, 0);

    public static PositionForm Number(long value) => new(0, 0, value);

    public bool IsNumber => Query == 0 && Key == 0;

    /// <summary>
    /// The range of all its values. With j = i + 1 + r it is (Query + Key) · i + Key · r + Key + Constant, for any i, r ≥ 0; infinite where it has no bound.
    /// </summary>
    public double Least => Query + Key >= 0 && Key >= 0 ? Key + Constant : double.NegativeInfinity;

    /// <inheritdoc cref="Least"/>
    public double Greatest => Query + Key <= 0 && Key <= 0 ? Key + Constant : double.PositiveInfinity;

    /// <summary>The form, as long as no sequence that fits in memory makes it overflow 32 bits.</summary>
    public PositionForm? Checked => Math.Abs(Query) <= MostTimes && Math.Abs(Key) <= MostTimes && Math.Abs(Constant) <= 1 << 24 ? this : null;

    public PositionForm Times(long factor) => new(Query * factor, Key * factor, Constant * factor);

    public static PositionForm operator +(PositionForm left, PositionForm right) => new(left.Query + right.Query, left.Key + right.Key, left.Constant + right.Constant);

    public static PositionForm operator -(PositionForm left, PositionForm right) => left + right.Times(-1);
}
