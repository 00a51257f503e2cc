using FeedbackNN.Runtime.Tests.Cpu;
using FeedbackNN.Runtime.Tests.Training.Runs;

// The assembly as a program: the checks that a test starts in a process of their own, and a measurement for the documentation.
switch (args)
{
    case [InstructionSetTests.Checks.Argument]:
        InstructionSetTests.Checks.Run();
        break;
    case [ThreadSettingTests.Argument]:
        ThreadSettingTests.PrintThreads();
        break;
    case [KilledRunTests.Argument, var folder]:
        KilledRunTests.Train(folder, pause: 1);
        break;
    case ["errors"]:
        SimdMathTests.PrintLargestErrors();
        break;
    default:
        Console.Error.WriteLine("Run the tests with `dotnet test`; `errors` prints the largest error of every function in ulp.");
        return 1;
}

return 0;
