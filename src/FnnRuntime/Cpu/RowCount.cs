using System.Runtime.InteropServices;

namespace FeedbackNN.Cpu;

// Types whose sizes are numbers of rows: type arguments of the tiles' kernels, which are compiled once for each.

[StructLayout(LayoutKind.Sequential, Size = 1)]
internal struct RowCount1;

[StructLayout(LayoutKind.Sequential, Size = 2)]
internal struct RowCount2;

[StructLayout(LayoutKind.Sequential, Size = 3)]
internal struct RowCount3;

[StructLayout(LayoutKind.Sequential, Size = 4)]
internal struct RowCount4;

[StructLayout(LayoutKind.Sequential, Size = 5)]
internal struct RowCount5;

[StructLayout(LayoutKind.Sequential, Size = 6)]
internal struct RowCount6;

[StructLayout(LayoutKind.Sequential, Size = 7)]
internal struct RowCount7;

[StructLayout(LayoutKind.Sequential, Size = 8)]
internal struct RowCount8;

[StructLayout(LayoutKind.Sequential, Size = 9)]
internal struct RowCount9;

[StructLayout(LayoutKind.Sequential, Size = 10)]
internal struct RowCount10;

[StructLayout(LayoutKind.Sequential, Size = 11)]
internal struct RowCount11;

[StructLayout(LayoutKind.Sequential, Size = 12)]
internal struct RowCount12;

[StructLayout(LayoutKind.Sequential, Size = 13)]
internal struct RowCount13;

[StructLayout(LayoutKind.Sequential, Size = 14)]
internal struct RowCount14;
