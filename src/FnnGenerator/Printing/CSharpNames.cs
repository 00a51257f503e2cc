using System.Globalization;
using System.Text;
using FeedbackNN.Dsl.Binding;

namespace FeedbackNN.Generator.Printing;

/// <summary>
/// How names of the language are written in C#: <c>batch_size</c> becomes the type <c>BatchSize</c> and the variable <c>batchSize</c>,
/// keywords get their <c>@</c>, and names that would meet in one scope get numbers.
/// </summary>
internal static class CSharpNames
{
    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "abstract", "as", "base", "bool", "break", "byte", "case", "catch", "char", "checked", "class", "const", "continue", "decimal",
        "default", "delegate", "do", "double", "else", "enum", "event", "explicit", "extern", "false", "finally", "fixed", "float", "for",
        "foreach", "goto", "if", "implicit", "in", "int", "interface", "internal", "is", "lock", "long", "namespace", "new", "null", "object",
        "operator", "out", "override", "params", "private", "protected", "public", "readonly", "ref", "return", "sbyte", "sealed", "short",
        "sizeof", "stackalloc", "static", "string", "struct", "switch", "this", "throw", "true", "try", "typeof", "uint", "ulong", "unchecked",
        "unsafe", "ushort", "using", "virtual", "void", "volatile", "while",
        // Words that are keywords in some places only; escaping them everywhere is allowed and safe.
        "await", "field", "file", "nameof", "record", "required", "scoped", "value", "var", "yield", "nint", "nuint", "dynamic", "global",
        "partial", "where", "when", "with", "and", "or", "not", "async", "extension",
    };

    /// <summary>Members that a record has, and the one that it must not have.</summary>
    public static IReadOnlyList<string> RecordMembers { get; } = [.. RuntimeNames.ObjectMembers, "Clone", "Deconstruct", "EqualityContract", "PrintMembers"];

    /// <summary>The name of a type or member: <c>ln_1</c> → <c>Ln1</c>, <c>pixels</c> → <c>Pixels</c>, <c>SimpleNN</c> stays, <c>0</c> → <c>_0</c>.</summary>
    public static string Pascal(string name)
    {
        var result = new StringBuilder(name.Length + 1);
        var upper = true;
        foreach (var character in name)
        {
            if (!IsNamePart(character))
            {
                upper = true;
                continue;
            }
            // Between two digits an underscore says something: block_1_2 is not block_12.
            if (upper && result.Length > 0 && char.IsDigit(character) && char.IsDigit(result[result.Length - 1])) result.Append('_');
            result.Append(upper ? char.ToUpperInvariant(character) : character);
            upper = false;
        }
        return Start(result);
    }

    /// <summary>The name of a parameter or local, escaped where it is a keyword: <c>learning_rate</c> → <c>learningRate</c>, <c>in</c> → <c>@in</c>.</summary>
    public static string Camel(string name)
    {
        var pascal = Pascal(name);
        // A leading run of capitals goes down together, except the last before a small letter: NNModel → nnModel, X → x.
        var run = 0;
        while (run < pascal.Length && char.IsUpper(pascal[run])) run++;
        if (run > 1 && run < pascal.Length && char.IsLower(pascal[run])) run--;
        var camel = pascal.Substring(0, run).ToLowerInvariant() + pascal.Substring(run);
        return Escape(camel);
    }

    /// <summary>A dotted namespace, each part escaped where it is a keyword.</summary>
    public static string Namespace(string name) => string.Join(".", name.Split('.').Select(part => Escape(Start(new StringBuilder(part)))));

    /// <summary>A generated class, from inside a namespace of generated code.</summary>
    public static string Type(string from, string space, string name) => space == from ? Escape(name) : $"global::{Namespace(space)}.{Escape(name)}";

    /// <summary>The name itself, with <c>@</c> in front where C# would read it as a keyword.</summary>
    public static string Escape(string name) => Keywords.Contains(name) ? "@" + name : name;

    /// <summary>Text as a C# string literal, quotes included.</summary>
    public static string Literal(string text)
    {
        var result = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in text)
        {
            switch (character)
            {
                case '"': result.Append("\\\""); break;
                case '\\': result.Append("\\\\"); break;
                case '\n': result.Append("\\n"); break;
                case '\r': result.Append("\\r"); break;
                case '\t': result.Append("\\t"); break;
                default:
                    if (char.IsControl(character) || character is '\u2028' or '\u2029' or '\u0085')
                    {
                        result.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
                    }
                    else
                    {
                        result.Append(character);
                    }
                    break;
            }
        }
        return result.Append('"').ToString();
    }

    /// <summary>Text as it may stand between XML tags in a documentation comment.</summary>
    public static string XmlText(string text) => text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;");

    /// <summary>
    /// Makes each name different from the ones before it and from <paramref name="taken"/> by a number at its end: <c>X</c>, <c>X2</c>, <c>X3</c>.
    /// </summary>
    public static IReadOnlyList<string> Distinct(IEnumerable<string> names, IEnumerable<string>? taken = null)
    {
        var used = new HashSet<string>(taken ?? [], StringComparer.Ordinal);
        var result = new List<string>();
        foreach (var name in names)
        {
            var candidate = name;
            for (var number = 2; !used.Add(candidate); number++) candidate = name + number.ToString(CultureInfo.InvariantCulture);
            result.Add(candidate);
        }
        return result;
    }

    private static bool IsNamePart(char character) => char.IsLetterOrDigit(character);

    private static string Start(StringBuilder name)
    {
        if (name.Length == 0 || char.IsDigit(name[0])) name.Insert(0, '_');
        return name.ToString();
    }
}
