namespace FeedbackNN.Dsl.Syntax;

/// <summary>The table of binary operators: how tightly each binds, from weak to strong.</summary>
internal static class OperatorLevel
{
    public const int Pipe = 1;
    public const int Or = 2;
    public const int And = 3;
    public const int Not = 4;
    public const int Comparison = 5;
    public const int Addition = 6;
    public const int Multiplication = 7;
    public const int Negation = 8;
    public const int Power = 9;

    /// <param name="Level">0 for a token that is no binary operator.</param>
    /// <param name="RightLevel">The weakest operator that its right side may have.</param>
    public readonly record struct Row(int Level, int RightLevel, BinaryOperator Operator);

    // Left-associative: the right side binds tighter.
    private static Row Left(int level, BinaryOperator binary) => new(level, level + 1, binary);

    public static Row Of(char kind) => kind switch
    {
        TokenKind.Pipe or TokenKind.As => new(Pipe, 0, default),
        TokenKind.Or => Left(Or, BinaryOperator.Or),
        TokenKind.And => Left(And, BinaryOperator.And),
        TokenKind.Less => Left(Comparison, BinaryOperator.Less),
        TokenKind.LessOrEqual => Left(Comparison, BinaryOperator.LessOrEqual),
        TokenKind.Greater => Left(Comparison, BinaryOperator.Greater),
        TokenKind.GreaterOrEqual => Left(Comparison, BinaryOperator.GreaterOrEqual),
        TokenKind.Equal => Left(Comparison, BinaryOperator.Equal),
        TokenKind.NotEqual => Left(Comparison, BinaryOperator.NotEqual),
        TokenKind.Plus => Left(Addition, BinaryOperator.Add),
        TokenKind.Minus => Left(Addition, BinaryOperator.Subtract),
        TokenKind.Star => Left(Multiplication, BinaryOperator.Multiply),
        TokenKind.Slash => Left(Multiplication, BinaryOperator.Divide),
        TokenKind.At => Left(Multiplication, BinaryOperator.MatrixMultiply),
        TokenKind.Percent => Left(Multiplication, BinaryOperator.Remainder),
        // Right-associative, and its exponent may be negative: 2^-3^2 is 2^(-(3^2)).
        TokenKind.Caret => new(Power, Negation, BinaryOperator.Power),
        _ => default,
    };
}
